/**
 * A batch is a function of the seed and the step: a run that starts again at step 3 reads the same pixels.
 *
 *     node --conditions=@flexivit/source packages/data/examples/01-resume-needs-only-the-step.ts
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { batchAt, contactSheet, imageFolder, prefetch, type BatchOptions } from "@flexivit/data";
import sharp from "sharp";

const root = await mkdtemp(join(tmpdir(), "pictures-"));
const colours = { lime: "#a4c639", plum: "#8e4585", rust: "#b7410e" };
for (const [name, background] of Object.entries(colours)) {
  await mkdir(join(root, name));
  for (const width of [40, 52, 64]) await sharp({ create: { width, height: 48, channels: 3, background } }).jpeg().toFile(join(root, name, `${width}.jpg`));
}
await writeFile(join(root, "plum", "broken.jpg"), "not a picture");

const folder = await imageFolder(root);
console.log(`${folder.size} pictures of ${folder.classes.join(", ")}; left out: ${folder.skipped.map(({ reason }) => reason).join("; ")}`);

const options: BatchOptions = { seed: 7, batchSize: 4, imageSize: 32, framing: { kind: "inception-crop" }, mixup: { alpha: 0.2 } };

/** The checksum of each step's pixels, from step `from` to 5; later batches are decoded while one is in use. */
async function run(from: number): Promise<Map<number, string>> {
  const sums = new Map<number, string>();
  let step = from;
  for await (const batch of prefetch((next) => batchAt(folder, next, options), { from, to: 6 })) {
    sums.set(step++, createHash("sha256").update(batch.images).digest("hex").slice(0, 8));
  }
  return sums;
}

const whole = await run(0);
const resumed = await run(3);
console.log(`from step 0: ${[...whole.values()].join(" ")}`);
console.log(`from step 3: ${" ".repeat(26)} ${[...resumed.values()].join(" ")}`);
for (const [step, sum] of resumed) if (sum !== whole.get(step)) throw new Error(`step ${step} differs after the restart`);

const sheet = await contactSheet(await batchAt(folder, 0, options));
console.log(`the first batch as a PNG of ${sheet.length} bytes; the steps after the restart are the same`);
await rm(root, { recursive: true });
