// Training steps of ViT-S/32 at 240 px on pictures from files and on batches that lie ready in memory, in alternation.
// our-input.ts <folder of pictures> <batch size> <pairs> <threads>. Prints JSON.
import { batchAt, type Batch, imageFolder, prefetch } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import * as tf from "@tensorflow/tfjs-core";
import { trainingCut } from "../training-cut.ts";
import { ourModelOn, timed } from "../our-model.ts";
import { specOf, type Step } from "../spec.ts";

/** What a step costs on average, and how much of that it waited for its batch. */
export type Cost = Omit<Step, "patchSize"> & { waitedMilliseconds: number };
export type Pair = { files: Cost; memory: Cost };

/** Steps that a cost is the mean of, and those before it, after which pictures are decoded as fast as they are used. */
const [measured, before] = [3, 3];
const patchSize = 32;

const [folder = "", ...numbers] = process.argv.slice(2);
const [batchSize = 8, pairs = 30, threads = 2] = numbers.map(Number);
await useEngine({ threads });
const source = await imageFolder(folder);
const spec = specOf({ mode: "train", patchSizes: [patchSize], batch: batchSize, classes: source.classes.length, threads });
const model = ourModelOn(spec);
const read = (step: number): Promise<Batch> => batchAt(source, step, { ...trainingCut, imageSize: spec.imageSizePx, batchSize });
const ready = [await read(0), await read(1)];
let next = 2;

const found: Pair[] = [];
for (let index = -1; index < pairs; index++) {
  // Which one comes first alternates. The first pair warms up.
  const pair = index % 2 === 0 ? { files: await fromFiles(), memory: await fromMemory() } : { memory: await fromMemory(), files: await fromFiles() };
  if (index >= 0) found.push(pair);
}
console.log(JSON.stringify(found));

async function fromFiles(): Promise<Cost> {
  const batches = prefetch(read, { from: next });
  const cost = await meanCost(async () => (await batches.next()).value as Batch);
  await batches.return(); // waits for what is under way
  next += before + measured;
  return cost;
}

function fromMemory(): Promise<Cost> {
  let taken = 0;
  return meanCost(async () => ready[taken++ % ready.length] as Batch);
}

async function meanCost(take: () => Promise<Batch>): Promise<Cost> {
  let waitedMilliseconds = 0;
  const step = async (): Promise<void> => {
    const started = performance.now();
    const batch = await take();
    waitedMilliseconds += performance.now() - started;
    const examples = { images: tf.tensor4d(batch.images, batch.shape), targets: tf.tensor2d(batch.targets, [batchSize, spec.classes]) };
    await model(patchSize, examples);
    tf.dispose(examples);
  };
  for (let count = 0; count < before; count++) await step();
  waitedMilliseconds = 0;
  const { milliseconds, processorMilliseconds } = await timed(async () => {
    for (let count = 0; count < measured; count++) await step();
  }, patchSize);
  return { milliseconds: milliseconds / measured, processorMilliseconds: processorMilliseconds / measured, waitedMilliseconds: waitedMilliseconds / measured };
}
