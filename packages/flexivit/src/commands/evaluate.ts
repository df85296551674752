import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { textTable } from "@flexivit/run-log";
import { Command } from "commander";
import { evaluateAt, type Evaluation } from "../evaluate-classifier.ts";
import { labelsOf } from "../labels-file.ts";
import { loadModel } from "../model-file.ts";
import { openData } from "../open-data.ts";
import { checkPatchSizes } from "../recipe.ts";
import { normalisationOption, patchSizes, remainderOption, threadsOption, wholeNumber, type NormalisationName } from "./options.ts";
import { counted, figureText, figureTitle, printResult, remark, remarkEngine, remarkSkipped } from "./print.ts";

type EvaluateFlags = {
  checkpoint: string;
  labels?: string;
  data: string;
  patchSizes?: string[];
  batchSize: number;
  remainder: "error" | "crop";
  normalisation?: NormalisationName;
  all?: boolean;
  strict?: boolean;
  threads?: number;
  json?: boolean;
};

/** `flexivit evaluate`: the accuracy of a trained model at any patch sizes. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Print how good a trained model is at each patch size, also at sizes that it was not trained at")
    .requiredOption("--checkpoint <file>", "model.safetensors of a run, or weights of big_vision, timm or Hugging Face")
    .option("--labels <file>", "names of the classes, one per line or as a JSON array (default: those in the checkpoint)")
    .requiredOption("--data <set>", "fashion-mnist, mnist, cifar10, a folder of pictures with the model's classes, or a .csv file of labels")
    .option("--patch-size, --patch-sizes <list>", "one size or several, such as 12 or 24,12,12x10 (default: those it was trained at)", patchSizes)
    .option("--batch-size <n>", "pictures at once", wholeNumber(1), 250)
    .addOption(remainderOption())
    .addOption(normalisationOption())
    .option("--all", "all pictures of a folder without val/, not only the tenth that training held out")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(evaluate);
}

const examples = `
Examples:
  flexivit evaluate --checkpoint runs/flexible/model.safetensors --data fashion-mnist --patch-sizes 12,8,6,4,3
  flexivit evaluate --checkpoint vit.npz --labels folders.txt --data imagenet --patch-sizes 30,16,10`;

async function evaluate(flags: EvaluateFlags): Promise<void> {
  remarkEngine(await useEngine({ threads: flags.threads }));
  const { normalisation } = flags;
  const model = await loadModel(flags.checkpoint, { labels: await labelsOf(flags.labels), normalisation });
  const { info } = model;
  const sizes = flags.patchSizes ?? info.patchSizes;
  checkPatchSizes(sizes, info.imageSizePx, flags.remainder);
  const { strict, all } = flags;
  const { name, test, skipped, heldOut } = await openData(flags.data, { strict, all, channels: info.vit.channels as 1 | 3, classes: info.classes });
  remarkSkipped(skipped);
  remark(`data:   ${name}, ${counted(test.size, "picture")}${heldOut ? " (a tenth, held out; --all takes all)" : ""}`);
  const results: Evaluation[] = [];
  for (const size of sizes) results.push(await evaluateAt(model, test, parseScheme(size), flags));
  const flat = results.map(({ figures, pictures, imagesPerSecond, ...at }) => ({ ...at, ...figures, pictures, imagesPerSecond }));
  printResult(flags.json, flat, () => evaluationTable(results));
}

function evaluationTable(results: readonly Evaluation[]): string {
  const names = Object.keys(results[0].figures);
  return textTable(
    ["patch size", "tokens", ...names.map(figureTitle), "images/s"],
    results.map(({ patchSize, tokens, figures, imagesPerSecond }) => [
      patchSize,
      tokens,
      ...names.map((name) => figureText(name, figures[name])),
      Math.round(imagesPerSecond),
    ]),
  );
}
