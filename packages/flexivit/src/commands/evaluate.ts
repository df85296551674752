import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { textTable } from "@flexivit/run-log";
import { Command } from "commander";
import { accuracyAt, type Accuracy } from "../evaluate-classifier.ts";
import { loadModel } from "../model-file.ts";
import { openData } from "../open-data.ts";
import { checkPatchSizes } from "../recipe.ts";
import { patchSizes, remainderOption, threadsOption, wholeNumber } from "./options.ts";
import { counted, percent, printResult, remark, remarkEngine, remarkSkipped } from "./print.ts";

type EvaluateFlags = {
  checkpoint: string;
  data: string;
  patchSizes?: string[];
  batchSize: number;
  remainder: "error" | "crop";
  all?: boolean;
  strict?: boolean;
  threads?: number;
  json?: boolean;
};

/** `flexivit evaluate`: the accuracy of a trained model at any patch sizes. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Print the accuracy of a trained model at each patch size, also at sizes that it was not trained at")
    .requiredOption("--checkpoint <file>", "model.safetensors of a run")
    .requiredOption("--data <set>", "fashion-mnist, mnist, or a folder of pictures with the model's classes")
    .option("--patch-sizes <list>", "sizes such as 24,12,12x10 (default: those it was trained at)", patchSizes)
    .option("--batch-size <n>", "pictures at once", wholeNumber(1), 250)
    .addOption(remainderOption())
    .option("--all", "all pictures of a folder without val/, not only the tenth that training held out")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  flexivit evaluate --checkpoint runs/flexible/model.safetensors --data fashion-mnist --patch-sizes 12,8,6,4,3")
    .action(evaluate);
}

async function evaluate(flags: EvaluateFlags): Promise<void> {
  remarkEngine(await useEngine({ threads: flags.threads }));
  const model = await loadModel(flags.checkpoint);
  const { info } = model;
  const sizes = flags.patchSizes ?? info.patchSizes;
  checkPatchSizes(sizes, info.imageSizePx, flags.remainder);
  const { strict, all } = flags;
  const { name, test, skipped, heldOut } = await openData(flags.data, { strict, all, channels: info.vit.channels as 1 | 3, classes: info.classes });
  remarkSkipped(skipped);
  remark(`data:   ${name}, ${counted(test.size, "picture")}${heldOut ? " (a tenth, held out; --all takes all)" : ""}`);
  const results: Accuracy[] = [];
  for (const size of sizes) results.push(await accuracyAt(model, test, parseScheme(size), flags));
  printResult(flags.json, results, () => accuracyTable(results));
}

function accuracyTable(results: readonly Accuracy[]): string {
  return textTable(
    ["patch size", "tokens", "accuracy", "images/s"],
    results.map(({ patchSize, tokens, accuracy, imagesPerSecond }) => [patchSize, tokens, percent(accuracy), Math.round(imagesPerSecond)]),
  );
}
