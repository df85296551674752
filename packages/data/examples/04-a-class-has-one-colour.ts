/** A class has one colour wherever it is drawn: in boxes and masks of objects, in maps of labels, and in their legend. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeMask } from "@flexivit/annotations";
import { classColour, drawDepth, drawLabels, drawNormals, drawObjects, sideBySide } from "@flexivit/data";
import sharp from "sharp";

// A ball of radius 30 above a floor: exact mask, classes, depths and normals.
const [height, width] = [96, 128];
const classes = ["wall", "floor", "ball"];
const pixels = new Uint8Array(height * width * 3);
const [labels, depth, normals] = [new Int32Array(height * width), new Float32Array(height * width), new Float32Array(height * width * 3)];
for (let i = 0; i < height * width; i++) {
  const [x, y] = [((i % width) - 63.5) / 30, (Math.floor(i / width) - 45.5) / 30];
  const isBall = x * x + y * y < 1;
  const isFloor = !isBall && y > 0.5;
  labels[i] = isBall ? 2 : Number(isFloor);
  depth[i] = isBall ? 3 - Math.sqrt(1 - x * x - y * y) : isFloor ? 2.5 / y : 5;
  normals.set(isBall ? [x, y, -Math.sqrt(1 - x * x - y * y)] : isFloor ? [0, -1, 0] : [0, 0, -1], 3 * i);
  const light = isBall ? 0.5 - 0.5 * y : 0.8;
  pixels.set((isBall ? [200, 60, 40] : isFloor ? [120, 100, 80] : [170, 180, 190]).map((level) => level * light), 3 * i);
}
const picture = { pixels, size: [height, width], channels: 3 } as const;
const ball = { box: [33.5, 15.5, 93.5, 75.5], label: "ball", class: 2, score: 0.97, mask: encodeMask(labels.map((label) => Number(label === 2)), [height, width]) } as const;

const pngs = await Promise.all([drawObjects(picture, [ball]), drawLabels(picture, labels, classes), drawDepth(depth, [height, width]), drawNormals(normals, [height, width])]);
const folder = await mkdtemp(join(tmpdir(), "drawings-"));
const sheet = await sideBySide(pngs, { columns: 2, captions: ["objects", "classes", "depth", "normals"] });
await writeFile(join(folder, "scene.png"), sheet);
console.log(`${join(folder, "scene.png")}: ${(sheet.length / 1024).toFixed(0)} KB`);

// The colour of class 2 is in the frame of the ball as in the legend, pixel for pixel.
const colour = classColour(2).join();
for (const [what, png] of [["objects", pngs[0]], ["legend", pngs[1]]] as const) {
  const { data } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const count = Array.from({ length: data.length / 3 }, (_, i) => data.subarray(3 * i, 3 * i + 3).join()).filter((pixel) => pixel === colour).length;
  console.log(`${what}: ${count} pixels of exactly ${colour}`);
  if (count < 100) process.exitCode = 1;
}
await rm(folder, { recursive: true });
