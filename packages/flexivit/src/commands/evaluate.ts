import { Command } from "commander";
import { textTable } from "@flexivit/run-log";
import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { accuracyAt, type Accuracy } from "../evaluate-classifier.ts";
import { loadModel } from "../model-file.ts";
import { openData } from "../open-data.ts";
import { patchSizes, wholeNumber } from "./options.ts";
import { percent, printResult, remark } from "./print.ts";

type EvaluateFlags = { checkpoint: string; data: string; patchSizes?: string[]; batchSize: number; remainder: "error" | "crop"; strict?: boolean; json?: boolean };

/** `flexivit evaluate`: the accuracy of a trained model at any patch sizes. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Print the accuracy of a trained model at each patch size")
    .requiredOption("--checkpoint <file>", "model.safetensors of a run")
    .requiredOption("--data <set>", "fashion-mnist, mnist, or a folder of pictures")
    .option("--patch-sizes <list>", "sizes such as 24,12,12x10 (default: those it was trained at)", patchSizes)
    .option("--batch-size <n>", "pictures at once", wholeNumber(1), 250)
    .option("--remainder <how>", "pixels that whole patches leave over: error or crop", "error")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  flexivit evaluate --checkpoint runs/flexible/model.safetensors --data fashion-mnist --patch-sizes 12,8,6,4,3")
    .action(evaluate);
}

async function evaluate(flags: EvaluateFlags): Promise<void> {
  await useEngine();
  const model = await loadModel(flags.checkpoint);
  const { test, skipped } = await openData(flags.data, flags);
  for (const { file, reason } of skipped) remark(`skipped ${file}: ${reason}`);
  const results: Accuracy[] = [];
  for (const size of flags.patchSizes ?? model.info.patchSizes) {
    results.push(await accuracyAt(model, test, parseScheme(size), flags));
  }
  printResult(flags.json, results, () => accuracyTable(results));
}

function accuracyTable(results: readonly Accuracy[]): string {
  return textTable(
    ["patch size", "tokens", "accuracy", "images/s"],
    results.map(({ patchSize, tokens, accuracy, imagesPerSecond }) => [patchSize, tokens, percent(accuracy), Math.round(imagesPerSecond)]),
  );
}
