import { statSync } from "node:fs";
import { evaluationBatches, fileSource } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { gridOf, parseScheme, type Remainder } from "@flexivit/patch-schemes";
import { textTable } from "@flexivit/run-log";
import * as tf from "@tensorflow/tfjs-core";
import { Command } from "commander";
import { answersOf, type Answer } from "../answers.ts";
import { classifierLogits, type ClassifierInfo, type ClassifierModel } from "../model.ts";
import { labelsOf } from "../labels-file.ts";
import { loadModel } from "../model-file.ts";
import { checkPatchSizes } from "../training-recipe.ts";
import { normalisationOption, patchSizes, remainderOption, threadsOption, wholeNumber, type NormalisationName } from "./options.ts";
import { percent, printResult } from "./print.ts";

type PredictFlags = { checkpoint: string; labels?: string; patchSizes?: string[]; remainder: Remainder; top: number; threads?: number; normalisation?: NormalisationName; json?: boolean };
type Prediction = { file: string; patchSize: string } & Answer;

/** Pictures at once. */
const batchSize = 32;

/** `flexivit predict`: the most probable classes of pictures, or the numbers that a regression gives them. */
export function predictCommand(): Command {
  return new Command("predict")
    .description("Print the most probable classes of pictures, or their numbers, at one or several patch sizes")
    .argument("<pictures...>", "picture files (JPEG, PNG, WebP, ...)")
    .requiredOption("--checkpoint <file>", "model.safetensors of a run, or weights of big_vision, timm or Hugging Face")
    .option("--labels <file>", "names of the classes, one per line or as a JSON array (default: those in the checkpoint)")
    .option("--patch-size, --patch-sizes <list>", "one size or several, such as 12 or 24,12,12x10 (default: the finest it was trained at)", patchSizes)
    .addOption(remainderOption())
    .addOption(normalisationOption())
    .option("--top <n>", "how many classes", wholeNumber(1), 3)
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(predict);
}

const examples = `
Examples:
  flexivit predict --checkpoint runs/flexible/model.safetensors --patch-size 12,4 shoe.jpg
  flexivit predict --checkpoint vit.npz --labels labels.txt --top 5 pictures/cats/*.jpg`;

async function predict(files: string[], flags: PredictFlags): Promise<void> {
  refuseNoFiles(files);
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

/** The trained size that cuts a picture into the most patches. */
function finestSize({ patchSizes, imageSizePx }: ClassifierInfo, remainder: Remainder): string {
  const tokens = (size: string): number => {
    const { gridHeight, gridWidth } = gridOf(parseScheme(size), imageSizePx, remainder);
    return gridHeight * gridWidth;
  };
  return patchSizes.toSorted((a, b) => tokens(b) - tokens(a))[0];
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
