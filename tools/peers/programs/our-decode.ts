// How long reading, decoding, cutting and resizing pictures takes by itself, once through a folder. Prints JSON.
// our-decode.ts <folder of pictures>
import { stat } from "node:fs/promises";
import { batchAt, imageFolder, prefetch } from "@flexivit/data";
import { trainingCut } from "../training-cut.ts";
import { specOf } from "../spec.ts";
import { timed } from "../our-model.ts";

export type Decoding = { pictures: number; meanBytes: number; milliseconds: number; processorMilliseconds: number };

const batchSize = 8;
const source = await imageFolder(process.argv[2] ?? "");
const bytes = await Promise.all(source.files.map(async (file) => (await stat(file)).size));
const epoch = Math.floor(source.size / batchSize);
const read = (step: number) => batchAt(source, step, { ...trainingCut, imageSize: specOf({}).imageSizePx, batchSize });
const through = async (from: number): Promise<void> => {
  for await (const _ of prefetch(read, { from, to: from + epoch }));
};
await through(0);
const { milliseconds, processorMilliseconds } = await timed(() => through(epoch), 0);
const found: Decoding = { pictures: epoch * batchSize, meanBytes: bytes.reduce((sum, size) => sum + size, 0) / bytes.length, milliseconds, processorMilliseconds };
console.log(JSON.stringify(found));
