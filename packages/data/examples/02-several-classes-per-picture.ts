/**
 * Pictures with several classes each come from a file of labels, and cutmix gives each class its share of the pixels.
 *
 *     node --conditions=@flexivit/source packages/data/examples/02-several-classes-per-picture.ts
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { batchAt, labelledFiles, type BatchOptions } from "@flexivit/data";
import sharp from "sharp";

const root = await mkdtemp(join(tmpdir(), "labelled-"));
const pictures = { "sky.png": "#87ceeb", "meadow.png": "#4caf50", "coast.png": "#e0c068" };
for (const [name, background] of Object.entries(pictures)) {
  await sharp({ create: { width: 48, height: 40, channels: 3, background } }).toFile(join(root, name));
}
await writeFile(join(root, "labels.csv"), "file,classes\nsky.png,air\nmeadow.png,earth\ncoast.png,air|earth|water\n");

const source = await labelledFiles(join(root, "labels.csv"));
const options: BatchOptions = { seed: 3, batchSize: 3, imageSize: 32, framing: { kind: "inception-crop" }, cutmix: { alpha: 1 } };
const plain = await batchAt(source, 0, { ...options, cutmix: undefined });
const mixed = await batchAt(source, 0, options);

const length = 32 * 32 * 3;
for (let row = 0; row < 3; row++) {
  // Each picture has one colour, so the pixels that cutmix changed can be counted.
  const own = mixed.images.slice(row * length, (row + 1) * length).filter((value, i) => value === plain.images[row * length + i]).length / length;
  const partner = (row + 2) % 3;
  for (const [i, name] of source.classes.entries()) {
    const expected = own * plain.targets[3 * row + i] + (1 - own) * plain.targets[3 * partner + i];
    console.log(`picture ${row}: ${Math.round(100 * own)} % its own pixels, ${name} ${mixed.targets[3 * row + i].toFixed(3)}`);
    if (Math.abs(mixed.targets[3 * row + i] - expected) > 1e-6) throw new Error(`${name}: expected ${expected}`);
  }
}

// RandAugment comes between the cut and the mixing, and does not move where cutmix cuts.
const augmented = await batchAt(source, 0, { ...options, augment: { kind: "rand-augment", layers: 2, magnitude: 10 } });
if (String(augmented.targets) !== String(mixed.targets)) throw new Error("the targets changed with the augmentation");
console.log("the targets are the same with RandAugment(2, 10)");
await rm(root, { recursive: true });
