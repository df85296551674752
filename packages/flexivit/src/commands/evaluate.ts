import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { Command, Option } from "commander";
import { evaluateAt } from "../evaluate-classifier.ts";
import type { Evaluation } from "../evaluation-pass.ts";
import { labelsOf } from "../labels-file.ts";
import { loadModel } from "../model-file.ts";
import { openData } from "../open-data.ts";
import { taskDataHelp } from "../open-task-data.ts";
import { checkPatchSizes } from "../training-recipe.ts";
import { evaluateDetections, type DetectionFlags } from "./evaluate-detections.ts";
import { evaluateTaskModel } from "./evaluate-task.ts";
import { printEvaluations } from "./evaluation-table.ts";
import { normalisationOption, patchSizes, remainderOption, threadsOption, wholeNumber, type NormalisationName } from "./options.ts";
import { counted, remark, remarkEngine, remarkSkipped } from "./print.ts";
import { commandTasks, refuseFlags, taskOf, type CommandTask } from "./task-of.ts";

export type EvaluateFlags = DetectionFlags & {
  task?: CommandTask;
  checkpoint?: string;
  labels?: string;
  data?: string;
  pictures?: string;
  cocoResults?: string;
  patchSizes?: string[];
  batchSize?: number;
  remainder: "error" | "crop";
  normalisation?: NormalisationName;
  all?: boolean;
  strict?: boolean;
  threads?: number;
};

/** `flexivit evaluate`: how good a trained model is at any patch sizes. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .addOption(new Option("--task <task>", "what the model does (default: as the checkpoint says); detect without --checkpoint: files of any detector").choices(commandTasks))
    .option("--checkpoint <file>", "model.safetensors of a run, or weights of big_vision, timm or Hugging Face")
    .option("--labels <file>", "of a classifier: names of the classes, one per line or as a JSON array (default: those in the checkpoint)")
    .option("--data <set>", `classify: fashion-mnist, mnist, cifar10, a folder of pictures with the model's classes, or a .csv file of labels; ${taskDataHelp}`)
    .option("--pictures <folder>", "of a detector: where the pictures of the COCO file are (default: its own folder)")
    .option("--coco-results <file>", "of a detector, at one patch size: also write what it finds, at most 100 per picture, as a COCO result file, as --predictions and other tools take it")
    .option("--patch-size, --patch-sizes <list>", "one size or several, such as 12 or 24,12,12x10 (default: those it was trained at)", patchSizes)
    .option("--batch-size <n>", "pictures at once (default: 250 of a classifier, else 8)", wholeNumber(1))
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
  flexivit evaluate --checkpoint runs/detector/model.safetensors --data annotations/instances_val2017.json --pictures val2017 --patch-sizes 16,8
  flexivit evaluate --checkpoint runs/detector/model.safetensors --data instances_val2017.json --pictures val2017 --patch-size 16 --coco-results found.json
  flexivit evaluate --checkpoint runs/segmenter/model.safetensors --data ade20k:ADEChallengeData2016 --patch-sizes 24,12
  flexivit evaluate --checkpoint runs/depth/model.safetensors --data nyu:nyu_depth_v2 --patch-sizes 24,12
  flexivit evaluate --task detect --annotations instances_val2017.json --predictions results.json --iou segm`;

async function evaluate(flags: EvaluateFlags): Promise<void> {
  const { checkpoint, task } = flags;
  if (task === "detect" && checkpoint === undefined) return evaluateFiles(flags);
  if (checkpoint === undefined) throw missing("--checkpoint", task);
  const { annotations, predictions, iou } = flags;
  refuseFlags("evaluate", { "--annotations": annotations, "--predictions": predictions, "--iou": iou }, "--task detect without --checkpoint", `--checkpoint ${checkpoint}`);
  const known = await taskOf(checkpoint, task, "evaluate");
  if (known !== "classify") return evaluateTaskModel({ ...flags, checkpoint }, known);
  refuseFlags("evaluate", { "--pictures": flags.pictures, "--coco-results": flags.cocoResults }, "a checkpoint of detect", "a classifier");
  return evaluateClassifier({ ...flags, checkpoint });
}

/** Files of any detector: no model runs, so what a model would be told is refused. */
async function evaluateFiles(flags: EvaluateFlags): Promise<void> {
  const { labels, data, pictures, cocoResults, patchSizes: sizes, batchSize, normalisation, all, strict } = flags;
  const ofModels = { "--labels": labels, "--data": data, "--pictures": pictures, "--coco-results": cocoResults, "--patch-sizes": sizes, "--batch-size": batchSize, "--normalisation": normalisation, "--all": all, "--strict": strict };
  refuseFlags("evaluate", ofModels, "--checkpoint", "none", "Name the model, or leave it out");
  return evaluateDetections(flags);
}

function missing(flag: string, task: CommandTask = "classify"): Error {
  return new Error(`evaluate(${flag}): expected ${flag} with --task ${task}, got none. Name the model and the pictures.`);
}

async function evaluateClassifier(flags: EvaluateFlags & { checkpoint: string }): Promise<void> {
  const { checkpoint, data, normalisation, strict, all } = flags;
  if (data === undefined) throw missing("--data");
  remarkEngine(await useEngine({ threads: flags.threads }));
  const model = await loadModel(checkpoint, { labels: await labelsOf(flags.labels), normalisation });
  const { info } = model;
  const sizes = flags.patchSizes ?? info.patchSizes;
  checkPatchSizes(sizes, info.imageSizePx, flags.remainder);
  const { name, test, skipped, heldOut } = await openData(data, { strict, all, channels: info.vit.channels as 1 | 3, classes: info.classes });
  remarkSkipped(skipped);
  remark(`data:   ${name}, ${counted(test.size, "picture")}${heldOut ? " (a tenth, held out; --all takes all)" : ""}`);
  const results: Evaluation[] = [];
  for (const size of sizes) results.push(await evaluateAt(model, test, parseScheme(size), flags));
  printEvaluations(flags.json, results);
}
