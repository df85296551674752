/** Whatever a view cuts, resizes or mirrors, each pixel keeps its own label: red is class 0, green is class 1, and what is not annotated or outside is 255. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ade20k, ignoreLabel, mapBatchAt } from "@flexivit/data";
import sharp from "sharp";

// A folder as the scene parsing release of ADE20K has it: the left part red, the right part green, the top row not annotated.
const root = await mkdtemp(join(tmpdir(), "scenes-"));
const [height, width] = [40, 60];
for (const name of ["images/training", "annotations/training"]) await mkdir(join(root, name), { recursive: true });
await writeFile(join(root, "objectInfo150.txt"), "Idx\tName\n1\tred\n2\tgreen\n");
for (const [name, border] of [["a", 20], ["b", 33]] as const) {
  const isGreen = (pixel: number): boolean => pixel % width >= border;
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i % 3 === Number(isGreen(Math.floor(i / 3))) ? 255 : 0));
  await sharp(pixels, { raw: { height, width, channels: 3 } }).png().toFile(join(root, `images/training/${name}.png`));
  const labels = Uint8Array.from({ length: height * width }, (_, i) => (i < width ? 0 : 1 + Number(isGreen(i))));
  await sharp(labels, { raw: { height, width, channels: 1 } }).toColourspace("b-w").png().toFile(join(root, `annotations/training/${name}.png`));
}

const source = await ade20k(root, "training");
console.log(`${source.size} pictures of ${source.classes.join(" and ")}`);
for (const kind of ["inception-crop", "scale-crop"] as const) {
  const counts = { right: 0, wrong: 0, ignored: 0 };
  for (let step = 0; step < 20; step++) {
    const { images, labels } = await mapBatchAt(source, step, { seed: 1, batchSize: 2, imageSize: 24, framing: { kind } });
    for (const [i, label] of labels.entries()) {
      const greener = images[3 * i + 1] - images[3 * i]; // -2 where red, 2 where green, between on the border
      if (label === ignoreLabel) counts.ignored++;
      else if (greener * (label === 1 ? 1 : -1) > -0.2) counts.right++;
      else counts.wrong++;
    }
  }
  console.log(`${kind}: ${counts.right} labels on their own colour, ${counts.wrong} not, ${counts.ignored} outside or not annotated`);
  if (counts.wrong > 0 || counts.ignored === 0) process.exitCode = 1;
}
await rm(root, { recursive: true });
