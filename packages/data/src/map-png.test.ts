import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { depthPicture, labelPicture, normalPicture } from "./map-pictures.ts";
import { depthPng, labelsPng, normalsPng } from "./map-png.ts";

test("labels and depths that are written as PNG are read back: classes as they are, depths to half a millimetre", async () => {
  const folder = await mkdtemp(join(tmpdir(), "map-png-"));
  const [labels, depths] = [join(folder, "labels.png"), join(folder, "depth.png")];
  await writeFile(labels, await labelsPng([0, 1, 254, 255, 7, 3], [2, 3]));
  await writeFile(depths, await depthPng([0.1234, 0, Number.NaN, 65.5351, 80, 3], [3, 2]));
  const asStored = Int32Array.from({ length: 256 }, (_, value) => value);
  expect(await labelPicture(labels, asStored)).toEqual({ size: [2, 3], values: Int32Array.of(0, 1, 254, 255, 7, 3) });
  expect(await depthPicture(depths, 1000)).toEqual({ size: [3, 2], values: Float32Array.of(0.123, 0, 0, 65.535, 65.535, 3) });
  await rm(folder, { recursive: true });
});

test("normals that are written as PNG are read back to 1 degree, and unknown ones stay unknown", async () => {
  const folder = await mkdtemp(join(tmpdir(), "map-png-"));
  const file = join(folder, "normals.png");
  const normals = [0.6, 0, 0.8, 0, 0, 0, -1, 0, 0, 0, -0.28, 0.96];
  await writeFile(file, await normalsPng(normals, [2, 2]));
  const { size, values } = await normalPicture(file);
  expect(size).toEqual([2, 2]);
  for (const [i, value] of values.entries()) expect(Math.abs(value - normals[i])).toBeLessThan(0.01); // steps of 1 / 127.5
  expect([...values.subarray(3, 6)]).toEqual([0, 0, 0]);
  await rm(folder, { recursive: true });
});

test("labels of more than 8 bits and maps of another size are refused", async () => {
  await expect(labelsPng([0, 256], [1, 2])).rejects.toThrow(new Error("labelsPng(labels): expected whole numbers from 0 to 255, got 256 at 1. Use fewer classes."));
  await expect(depthPng([1, 2, 3], [2, 2])).rejects.toThrow(new Error("depthPng(depth): expected 2x2 = 4 values, got 3. Check height and width."));
});
