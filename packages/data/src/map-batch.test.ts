import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFixture } from "@flexivit/testing";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyMap, writePicture } from "../test-support/map-files.ts";
import { ade20k } from "./ade20k.ts";
import { mapBatchAt, mapEvaluationBatches, type MapBatchOptions } from "./map-batch.ts";
import { depthPng } from "./map-png.ts";
import { nyuDepth } from "./nyu-depth.ts";

type Expected = { millimetres: number[][] };
const expected = await readFixture<Expected>("maps/expected.json");
let root = "";
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), "map-batch-"))));
afterAll(() => rm(root, { recursive: true }));

const picture = (path: string, size?: readonly number[]) => writePicture(join(root, path), size);
const fixture = (name: string, path: string) => copyMap(name, join(root, path));

describe("mapBatchAt", () => {
  /** Pictures whose red is 10 * row + column, with labels of the same numbers: a pixel must meet its own label. */
  async function pairs(): Promise<Awaited<ReturnType<typeof ade20k>>> {
    for (const [i, size] of [[0, [6, 8]], [1, [9, 7]], [2, [7, 7]]] as const) {
      await picture(`pairs/images/training/${i}.png`, [...size]);
      const values = Uint8Array.from({ length: size[0] * size[1] }, (_, pixel) => 10 * Math.floor(pixel / size[1]) + (pixel % size[1]) + 1);
      await mkdir(join(root, "pairs/annotations/training"), { recursive: true });
      await sharp(values, { raw: { width: size[1], height: size[0], channels: 1 } }).toColourspace("b-w").png().toFile(join(root, `pairs/annotations/training/${i}.png`));
    }
    return ade20k(join(root, "pairs"), "training");
  }
  const options: MapBatchOptions = { seed: 5, batchSize: 4, imageSize: [5, 6], framing: { kind: "pad-crop", padding: 2 } };
  /** [pixels]: the red of a batch, 0..255. */
  const reds = (images: Float32Array) => Array.from({ length: images.length / 3 }, (_, i) => Math.round((images[3 * i] + 1) * 127.5));

  it("cuts and mirrors a picture and its labels alike: every pixel inside meets its own label, those outside 255", async () => {
    const source = await pairs();
    let [outside, inside] = [0, 0];
    for (const step of [0, 1, 2]) {
      const { images, labels, shape } = await mapBatchAt(source, step, options);
      expect(shape).toEqual([4, 5, 6, 3]);
      for (const [i, red] of reds(images).entries()) {
        if (labels[i] === 255) outside++;
        else if (red === labels[i]) inside++;
        expect(labels[i] === 255 ? red : red - labels[i]).toBe(0);
      }
    }
    expect(Math.min(outside, inside)).toBeGreaterThan(50);
  });

  it.each([{ kind: "scale-crop", scale: [1, 2] }, { kind: "inception-crop" }] as const)("does the same where $kind resizes, within the levels that resizing mixes", async (framing) => {
    const source = await pairs();
    const { images, labels } = await mapBatchAt(source, 1, { ...options, imageSize: [24, 21], framing });
    expect(new Set(labels).size).toBeGreaterThan(20);
    for (const [i, red] of reds(images).entries()) expect(Math.abs(red - labels[i])).toBeLessThanOrEqual(6); // half of 10 + half of 1
  });

  it("is a function of seed and step, and evaluation gives every picture once in order", async () => {
    const source = await pairs();
    const [one, same, other] = await Promise.all([[5, 3], [5, 3], [6, 3]].map(([seed, step]) => mapBatchAt(source, step, { ...options, seed })));
    expect([...same.labels]).toEqual([...one.labels]);
    expect([...other.labels]).not.toEqual([...one.labels]);
    const sizes: number[][] = [];
    for await (const { indices, labels } of mapEvaluationBatches(source, { batchSize: 2, imageSize: [3, 4], framing: { kind: "squash" } })) sizes.push([...indices, labels.length]);
    expect(sizes).toEqual([[0, 1, 24], [2, 12]]);
  });

  it("tells how each picture was seen, and reads only those maps that are asked for", async () => {
    const source = await pairs();
    const read: string[] = [];
    const watched: typeof source = { ...source, readMap: (index, kind) => (read.push(`${kind} of ${index}`), source.readMap(index, kind)) };
    const evaluation = { batchSize: 3, imageSize: [3, 4] as const, framing: { kind: "squash" } as const };
    const [{ seen, ...bare }] = await Array.fromAsync(mapEvaluationBatches(watched, { ...evaluation, kinds: [] }));
    expect(seen.map(({ size, view: { resized } }) => [...size, ...resized])).toEqual([[6, 8, 3, 4], [9, 7, 3, 4], [7, 7, 3, 4]]);
    expect([Object.keys(bare), read]).toEqual([["images", "shape", "indices"], []]);
    const [whole] = await Array.fromAsync(mapEvaluationBatches(watched, evaluation));
    expect([...bare.images]).toEqual([...whole.images]);
    expect(read.toSorted()).toEqual(["labels of 0", "labels of 1", "labels of 2"]);
  });

  it("reads depths and normals together", async () => {
    await picture("nyu/rgb/1.png");
    await fixture("depth.png", "nyu/depth/1.png");
    await fixture("normals.png", "nyu/normals/1.png");
    const source = await nyuDepth(join(root, "nyu"), { normals: "normals" });
    const { depth, normals } = await mapBatchAt(source, 0, { ...options, batchSize: 1, imageSize: [3, 5], framing: { kind: "centre-crop" } });
    expect([...depth]).toEqual(expected.millimetres.flat().map((value) => Math.fround(value / 1000)));
    expect([...normals]).toEqual([...(await source.readMap(0, "normals")).values]);
  });

  it("names the picture whose map has another size, and refuses counts that are none", async () => {
    await picture("odd/rgb/1.png", [4, 5]);
    await fixture("depth.png", "odd/depth/1.png");
    const source = await nyuDepth(join(root, "odd"));
    await expect(mapBatchAt(source, 0, options)).rejects.toThrow(
      new Error(`readMap(depth of ${join(root, "odd/rgb/1.png")}): expected 4x5 pixels, as the picture has, got 3x5. Resize one of the files.`),
    );
    await expect(mapBatchAt(source, 0, { ...options, batchSize: 0 })).rejects.toThrow(
      new Error("mapBatchAt(batchSize): expected a whole number from 1 on, got 0. Correct the option."),
    );
  });
});

it("scales pixels as the normalisation says, in training and in evaluation: mean 0.5 and deviation 0.25 double what [-1, 1] has", async () => {
  await picture("scaled/rgb/0.png");
  await mkdir(join(root, "scaled/depth"));
  await writeFile(join(root, "scaled/depth/0.png"), await depthPng(Array.from({ length: 15 }, () => 1), [3, 5]));
  const source = await nyuDepth(join(root, "scaled"));
  const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const options = { batchSize: 1, imageSize: [3, 5] as const, framing: { kind: "squash" } as const };
  for await (const usual of mapEvaluationBatches(source, options)) {
    const twice = [...usual.images].map((value) => expect.closeTo(2 * value, 5));
    expect([...(await mapBatchAt(source, 0, { ...options, seed: 1, normalisation })).images]).toEqual(twice);
    for await (const scaled of mapEvaluationBatches(source, { ...options, normalisation })) expect([...scaled.images]).toEqual(twice);
  }
});
