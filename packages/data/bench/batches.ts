/**
 * Batches per second from memory and pictures per second from JPEG files.
 *
 *     node --conditions=@flexivit/source packages/data/bench/batches.ts
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "@flexivit/random";
import sharp from "sharp";
import { batchAt, evaluationBatches, imageFolder, pixelSource, prefetch, randAugment, type BatchOptions, type ImageSource, type RandAugment } from "../src/index.ts";

const count = 60_000;
const memory = pixelSource({
  name: "noise",
  pixels: new Uint8Array(count * 28 * 28).map((_, i) => (i * 2_654_435_761) >>> 24),
  height: 28,
  width: 28,
  channels: 1,
  labels: new Uint8Array(count).map((_, i) => i % 10),
  classes: [..."0123456789"],
});

/** The median of the milliseconds of steps from..to; the first ones are warm-up. */
async function median(source: ImageSource, options: BatchOptions, steps: number): Promise<number> {
  const times: number[] = [];
  for (let step = 0; step < steps; step++) {
    const start = performance.now();
    await batchAt(source, step, options);
    times.push(performance.now() - start);
  }
  return times.slice(steps / 5).sort((a, b) => a - b)[Math.floor((steps * 2) / 5)];
}

async function jpegFolder(files: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "bench-"));
  await mkdir(join(root, "noise"));
  // Gaussian noise, smoothed, so that files have about the size of photos (80 kB).
  const noise = sharp({ create: { width: 500, height: 375, channels: 3, background: "grey", noise: { type: "gaussian", mean: 128, sigma: 60 } } });
  const picture = await noise.blur(1.2).jpeg({ quality: 90 }).toBuffer();
  await Promise.all(Array.from({ length: files }, (_, i) => sharp(picture).jpeg({ quality: 90 }).toFile(join(root, "noise", `${i}.jpg`))));
  return root;
}

async function perSecond(batches: AsyncIterable<{ shape: readonly number[] }>): Promise<number> {
  const start = performance.now();
  let pictures = 0;
  for await (const { shape } of batches) pictures += shape[0];
  return (pictures / (performance.now() - start)) * 1000;
}

const small: BatchOptions = { seed: 1, batchSize: 128, imageSize: 24, framing: { kind: "pad-crop" } };
console.log(`${availableParallelism()} cores`);
console.log(`memory, batch 128 of 28x28 cut to 24x24 and mirrored: ${(await median(memory, small, 1000)).toFixed(2)} ms`);

const augment: RandAugment = { kind: "rand-augment", layers: 2, magnitude: 10 };
const picture = new Uint8Array(240 * 240 * 3).map((_, i) => (i * 2_654_435_761) >>> 24);
const began = performance.now();
for (let i = 0; i < 500; i++) randAugment(picture, [240, 240], 3, augment, random(1, "augment", i));
console.log(`RandAugment(2, 10) of a picture of 240x240: ${((performance.now() - began) / 500).toFixed(2)} ms`);

const root = await jpegFolder(256);
try {
  const start = performance.now();
  const folder = await imageFolder(root);
  console.log(`listing with check "header": ${Math.round((folder.size / (performance.now() - start)) * 1000)} files/s`);
  for (const resampling of ["fast-bilinear", "pil-bilinear", "tf-bilinear"] as const) {
    const options: BatchOptions = { seed: 1, batchSize: 32, imageSize: 224, framing: { kind: "inception-crop", resampling } };
    const batches = prefetch((step) => batchAt(folder, step, options), { from: 0, to: 16 });
    console.log(`JPEG 500x375, inception crop to 224, ${resampling}: ${Math.round(await perSecond(batches))} pictures/s`);
  }
  const evaluation = evaluationBatches(folder, { batchSize: 32, imageSize: 224, framing: { kind: "shorter-side", cropFraction: 0.95 } });
  console.log(`JPEG 500x375, timm evaluation at 224, pil-bicubic: ${Math.round(await perSecond(evaluation))} pictures/s`);
} finally {
  await rm(root, { recursive: true });
}
