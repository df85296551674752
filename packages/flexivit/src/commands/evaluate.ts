import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { textTable } from "@flexivit/run-log";
import { Command, Option } from "commander";
import { evaluateAt, type Evaluation } from "../evaluate-classifier.ts";
import { labelsOf } from "../labels-file.ts";
import { loadModel } from "../model-file.ts";
import { openData } from "../open-data.ts";
import { checkPatchSizes } from "../recipe.ts";
import { evaluateDetections, type DetectionFlags } from "./evaluate-detections.ts";
import { normalisationOption, patchSizes, remainderOption, threadsOption, wholeNumber, type NormalisationName } from "./options.ts";
import { counted, figureText, figureTitle, printResult, remark, remarkEngine, remarkSkipped } from "./print.ts";

type EvaluateFlags = DetectionFlags & {
  task: "classify" | "detect";
  checkpoint?: string;
  labels?: string;
  data?: string;
  patchSizes?: string[];
  batchSize: number;
  remainder: "error" | "crop";
  normalisation?: NormalisationName;
  all?: boolean;
  strict?: boolean;
  threads?: number;
};

/** `flexivit evaluate`: the accuracy of a trained model at any patch sizes. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .addOption(new Option("--task <task>", "classify: a model of ours; detect: files of any detector").choices(["classify", "detect"]).default("classify"))
    .option("--checkpoint <file>", "model.safetensors of a run, or weights of big_vision, timm or Hugging Face")
    .option("--labels <file>", "names of the classes, one per line or as a JSON array (default: those in the checkpoint)")
    .option("--data <set>", "fashion-mnist, mnist, cifar10, a folder of pictures with the model's classes, or a .csv file of labels")
    .option("--patch-size, --patch-sizes <list>", "one size or several, such as 12 or 24,12,12x10 (default: those it was trained at)", patchSizes)
    .option("--batch-size <n>", "pictures at once", wholeNumber(1), 250)
    .addOption(remainderOption())
    .addOption(normalisationOption())
    .option("--all", "all pictures of a folder without val/, not only the tenth that training held out")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .option("--annotations <file>", "with --task detect: the truth, in the COCO format")
    .option("--predictions <file>", "with --task detect: what was found, in the COCO format of results")
    .addOption(new Option("--iou <kind>", "with --task detect: overlap of boxes or of masks (default: bbox)").choices(["bbox", "segm"]))
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(evaluate);
}

const examples = `
Examples:
  flexivit evaluate --checkpoint runs/flexible/model.safetensors --data fashion-mnist --patch-sizes 12,8,6,4,3
  flexivit evaluate --checkpoint vit.npz --labels folders.txt --data imagenet --patch-sizes 30,16,10
  flexivit evaluate --task detect --annotations instances_val2017.json --predictions results.json --iou segm`;

async function evaluate(flags: EvaluateFlags): Promise<void> {
  if (flags.task === "detect") return evaluateDetections(flags);
  const { checkpoint, data, normalisation } = flags;
  if (checkpoint === undefined || data === undefined) {
    const missing = checkpoint === undefined ? "--checkpoint" : "--data";
    throw new Error(`evaluate(${missing}): expected ${missing} with --task classify, got none. Name the model and the pictures.`);
  }
  remarkEngine(await useEngine({ threads: flags.threads }));
  const model = await loadModel(checkpoint, { labels: await labelsOf(flags.labels), normalisation });
  const { info } = model;
  const sizes = flags.patchSizes ?? info.patchSizes;
  checkPatchSizes(sizes, info.imageSizePx, flags.remainder);
  const { strict, all } = flags;
  const { name, test, skipped, heldOut } = await openData(data, { strict, all, channels: info.vit.channels as 1 | 3, classes: info.classes });
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
