import { statSync } from "node:fs";
import { evaluationBatches, fileSource } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { parseScheme, type Remainder } from "@flexivit/patch-schemes";
import { textTable } from "@flexivit/run-log";
import * as tf from "@tensorflow/tfjs-core";
import { Command, Option } from "commander";
import { answersOf, type Answer } from "../answers.ts";
import { classifierLogits, type ClassifierModel } from "../model.ts";
import { finestSize } from "../finest-size.ts";
import { labelsOf } from "../labels-file.ts";
import { loadModel } from "../model-file.ts";
import { checkPatchSizes } from "../training-recipe.ts";
import { normalisationOption, patchSizes, remainderOption, share, threadsOption, wholeNumber, type NormalisationName } from "./options.ts";
import { predictTaskModel } from "./predict-task.ts";
import { percent, printResult } from "./print.ts";
import { commandTasks, headTasks, refuseFlags, taskOf, type CommandTask } from "./task-of.ts";

export type PredictFlags = {
  checkpoint: string;
  task?: CommandTask;
  labels?: string;
  patchSizes?: string[];
  remainder: Remainder;
  top: number;
  out?: string;
  scoreThreshold?: number;
  threads?: number;
  normalisation?: NormalisationName;
  json?: boolean;
};

type Prediction = { file: string; patchSize: string } & Answer;

/** Pictures at once. */
const batchSize = 32;

/** `flexivit predict`: the most probable classes of pictures, the numbers of a regression, or what a task model finds in them. */
export function predictCommand(): Command {
  return new Command("predict")
    .description("Print what a model says of pictures at one or several patch sizes: classes, numbers, objects, or a class or a depth per pixel")
    .argument("<pictures...>", "picture files (JPEG, PNG, WebP, ...)")
    .requiredOption("--checkpoint <file>", "model.safetensors of a run, or weights of big_vision, timm or Hugging Face")
    .addOption(new Option("--task <task>", "what the model does (default: as the checkpoint says)").choices(commandTasks))
    .option("--labels <file>", "names of the classes, one per line or as a JSON array (default: those in the checkpoint)")
    .option("--patch-size, --patch-sizes <list>", "one size or several, such as 12 or 24,12,12x10 (default: the finest it was trained at)", patchSizes)
    .addOption(remainderOption())
    .addOption(normalisationOption())
    .option("--top <n>", "of a classifier: how many classes", wholeNumber(1), 3)
    .option("--out <folder>", "of other tasks: where drawn pictures and maps go (default: predictions)")
    .option("--score-threshold <x>", "of a detector: what is less certain is left out (default: 0.5)", share)
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(predict);
}

const examples = `
Examples:
  flexivit predict --checkpoint runs/flexible/model.safetensors --patch-size 12,4 shoe.jpg
  flexivit predict --checkpoint vit.npz --labels labels.txt --top 5 pictures/cats/*.jpg
  flexivit predict --checkpoint runs/detector/model.safetensors --patch-sizes 16,8 --score-threshold 0.7 --out found street.jpg
  flexivit predict --task depth --checkpoint runs/depth/model.safetensors --json room.jpg`;

async function predict(files: string[], flags: PredictFlags): Promise<void> {
  refuseNoFiles(files);
  const task = await taskOf(flags.checkpoint, flags.task, "predict");
  if (task !== "classify") return predictTaskModel(files, flags, task);
  refuseFlags("predict", { "--out": flags.out, "--score-threshold": flags.scoreThreshold }, headTasks, "a classifier");
  await useEngine({ threads: flags.threads });
  const model = await loadModel(flags.checkpoint, { labels: await labelsOf(flags.labels), normalisation: flags.normalisation });
  const sizes = flags.patchSizes ?? [finestSize(model.info, flags.remainder)];
  checkPatchSizes(sizes, model.info.imageSizePx, flags.remainder);
  const predictions: Prediction[] = [];
  for await (const ofBatch of predictBatches(model, files, sizes, flags)) predictions.push(...ofBatch);
  printResult(flags.json, predictions, () => predictionTable(predictions));
}

function refuseNoFiles(files: readonly string[]): void {
  const kinds = files.map((file) => ({ file, kind: statSync(file, { throwIfNoEntry: false }) }));
  const missing = kinds.flatMap(({ file, kind }) => (kind ? [] : [file]));
  if (missing.length > 0) throw new Error(`predict(pictures): expected picture files, got none at ${missing.join(", ")}. Check the path.`);
  const folder = kinds.find(({ kind }) => kind?.isDirectory());
  if (folder) throw new Error(`predict(pictures): expected picture files, got the folder ${folder.file}. Name the pictures in it, as in ${folder.file}/*.jpg.`);
}

/** Predictions picture by picture, each at all sizes: a picture is read once. */
async function* predictBatches(
  { params, info }: ClassifierModel,
  files: string[],
  sizes: readonly string[],
  { top, remainder }: PredictFlags,
): AsyncGenerator<Prediction[]> {
  const source = fileSource({ files, labels: files.map(() => 0), classes: info.classes, channels: info.vit.channels as 1 | 3 });
  for await (const batch of evaluationBatches(source, { batchSize, imageSize: info.imageSizePx, framing: info.framing, normalisation: info.normalisation })) {
    const bySize: Prediction[][] = [];
    for (const patchSize of sizes) {
      const scheme = parseScheme(patchSize);
      const logits = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(batch.images, batch.shape), { scheme, remainder }));
      const answers = await answersOf(logits, info, top).finally(() => logits.dispose());
      bySize.push(answers.map((answer, row) => ({ file: files[batch.indices[row]], patchSize, ...answer })));
    }
    yield [...batch.indices.keys()].flatMap((row) => bySize.map((predictions) => predictions[row]));
  }
}

function predictionTable(predictions: readonly Prediction[]): string {
  const title = predictions.some((prediction) => "values" in prediction) ? "numbers" : "most probable classes";
  return textTable(["picture", "patch size", title], predictions.map((prediction) => [prediction.file, prediction.patchSize, answerText(prediction)]));
}

function answerText(answer: Answer): string {
  if ("values" in answer) return answer.values.map(({ name, value }) => `${name} ${value.toPrecision(4)}`).join(", ");
  return answer.classes.map(({ name, probability }) => `${name} ${percent(probability)}`).join(", ");
}
