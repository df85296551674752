import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { depthPicture, labelPicture } from "./map-pictures.ts";
import { depthPng, labelsPng } from "./map-png.ts";

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

test("labels of more than 8 bits and maps of another size are refused", async () => {
  await expect(labelsPng([0, 256], [1, 2])).rejects.toThrow(new Error("labelsPng(labels): expected whole numbers from 0 to 255, got 256 at 1. Use fewer classes."));
  await expect(depthPng([1, 2, 3], [2, 2])).rejects.toThrow(new Error("depthPng(depth): expected 2x2 = 4 values, got 3. Check height and width."));
});
