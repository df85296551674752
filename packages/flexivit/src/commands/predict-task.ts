import { mkdir, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileSource, objectEvaluationBatches, type ObjectSource, type Pixels, type Seen } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { disposeTree } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { random } from "@flexivit/random";
import { textTable } from "@flexivit/run-log";
import * as tf from "@tensorflow/tfjs-core";
import { finestSize } from "../finest-size.ts";
import { loadTaskModel } from "../tasks/task-file.ts";
import type { HeadTask, TaskInfo, TaskModel } from "../tasks/task-model.ts";
import { taskOutputs } from "../tasks/task-outputs.ts";
import { checkPatchSizes } from "../training-recipe.ts";
import type { PredictFlags } from "./predict.ts";
import { presenters, type Presentation, type Shown } from "./present-task.ts";
import { printResult } from "./print.ts";
import { refuseFlags } from "./task-of.ts";
import { requireWritableFolder } from "./writable.ts";

/** Pictures at once. */
const batchSize = 4;

/** Detections below this are not shown unless asked for. */
const shownScore = 0.5;

type Said = { file: string; patchSize: string; line: string; result: Record<string, unknown> };

/** `flexivit predict` of a model that finds objects, classes of pixels, depths or normals: JSON, and a drawn picture for each picture and patch size. */
export async function predictTaskModel(files: string[], flags: PredictFlags, task: string): Promise<void> {
  const { out = "predictions", remainder, labels, normalisation, top, scoreThreshold } = flags;
  refuseFlags("predict", { "--labels": labels, "--normalisation": normalisation, "--top": top }, "a classifier", `a checkpoint of ${task}`);
  if (task !== "detect") refuseFlags("predict", { "--score-threshold": scoreThreshold }, "a checkpoint of detect", `one of ${task}`);
  await requireWritableFolder(out, "predict(--out)");
  await useEngine({ threads: flags.threads });
  const model = await loadTaskModel(flags.checkpoint);
  try {
    const sizes = flags.patchSizes ?? [finestSize(model.info, remainder)];
    checkPatchSizes(sizes, model.info.imageSizePx, remainder);
    await mkdir(out, { recursive: true });
    const names = uniqueNames(files);
    const said: Said[] = [];
    for await (const ofBatch of presentations(model, files, sizes, flags)) {
      for (const { file, patchSize, presentation } of ofBatch) said.push(await written(file, patchSize, presentation, join(out, names.get(file)!)));
    }
    printResult(flags.json, said.map(({ file, patchSize, result }) => ({ file, patchSize, ...result })), () =>
      `${textTable(["picture", "patch size", "found"], said.map(({ file, patchSize, line }) => [file, patchSize, line]))}\n\npictures: ${out}`,
    );
  } finally {
    disposeTree(model.params);
  }
}

type Presented = { file: string; patchSize: string; presentation: Presentation };

/** Picture by picture, each at all sizes: what the model sees of a picture is read once, and all of it once to draw on. */
async function* presentations<T extends HeadTask>({ params, info }: TaskModel<T>, files: string[], sizes: readonly string[], { remainder, scoreThreshold = shownScore }: PredictFlags): AsyncGenerator<Presented[]> {
  const source = withoutTruth(files, info);
  const { imageSizePx: imageSize, framing, normalisation } = info;
  for await (const { images, shape, indices, seen } of objectEvaluationBatches(source, { batchSize, imageSize, framing, normalisation })) {
    const shown: Shown[] = await Promise.all(seen.map(async (one, i) => ({ seen: one, picture: await wholePicture(source, indices[i], one) })));
    const bySize: Presented[][] = [];
    for (const patchSize of sizes) {
      const outputs = tf.tidy(() => taskOutputs(params, info, tf.tensor4d(images, shape), { scheme: parseScheme(patchSize), remainder }));
      const found = await presenters[info.task](outputs, info, shown, { scoreThreshold }).finally(() => tf.dispose(outputs));
      bySize.push(found.map((presentation, i) => ({ file: files[indices[i]], patchSize, presentation })));
    }
    yield seen.flatMap((_, i) => bySize.map((presented) => presented[i]));
  }
}

/** Files as a source whose pictures nobody has looked at. */
function withoutTruth(files: string[], { classes, categoryIds = [], vit }: TaskInfo): ObjectSource {
  const pictures = fileSource({ files, labels: files.map(() => 0), classes: ["picture"], channels: vit.channels as 1 | 3 });
  return { ...pictures, classes, files, skipped: [], objects: () => [], imageIds: [...files.keys()], categoryIds };
}

async function wholePicture({ channels, read }: ObjectSource, index: number, { size }: Seen): Promise<Pixels> {
  const [height, width] = size;
  const window = { top: 0, left: 0, height, width };
  const pixels = new Uint8Array(height * width * channels);
  await read(index, { choose: () => ({ region: window, resized: size, window, flip: false, resampling: "pil-bilinear" }), stream: () => random(0, "unused"), out: pixels });
  return { pixels, size, channels };
}

/** Writes the files of a picture, and tells their places beside what was found. */
async function written(file: string, patchSize: string, { result, line, files }: Presentation, stem: string): Promise<Said> {
  const places: Record<string, string> = {};
  for (const [ending, content] of Object.entries(files)) {
    const place = `${stem}.patch-${patchSize.replace("/", "-stride-")}${ending}`;
    await writeFile(place, content);
    places[ending === ".png" ? "drawn" : `${ending.split(".")[1]}File`] = place;
  }
  return { file, patchSize, line, result: { ...result, ...places } };
}

/** A name for each file that no other one has, without its extension. */
function uniqueNames(files: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const file of new Set(files)) {
    const base = basename(file, extname(file));
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base}-${count}`;
    taken.add(name);
    names.set(file, name);
  }
  return names;
}
