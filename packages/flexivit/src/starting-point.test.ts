import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { disposeTree, leaves } from "@flexivit/params";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { vitConfig, type VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { classifierLogits, initClassifierWeights, recipeDefaults, saveModel, startingPointOf, storedLike, type ClassifierModel, type StartingPoint } from "./index.ts";
import { firstWeights } from "./starting-point.ts";

const classes = ["a", "b", "c", "d", "e"];
const stored = vitConfig({ dim: 12, depth: 1, hiddenDim: 20, heads: 3 }, { channels: 1, patchSize: [4, 6], positionGrid: [3, 2] });
const twice = { ...stored, patchSize: [8, 12] } satisfies VitConfig;
const float32 = { relative: 2e-5 }; // a few roundings, through one block

let model: ClassifierModel;
let from: StartingPoint;
let stem: ClassifierModel;
beforeAll(async () => {
  model = modelOf(stored);
  from = await saved(model);
  stem = modelOf({ ...stored, embedder: { kind: "conv-stem", channels: [4] } });
});
afterAll(() => disposeTree(model.params, stem.params));

/** A model whose head, which begins with zeros, is random. */
function modelOf(vit: VitConfig): ClassifierModel {
  const { backbone, head } = initClassifierWeights(vit, classes.length, 0, 7);
  const kernel = tf.randomNormal<tf.Rank.R2>([12, 5], 0, 1, "float32", 3);
  head.kernel.dispose();
  return { params: { backbone, head: { ...head, kernel } }, info: { vit, classes, imageSizePx: 12, framing: recipeDefaults.testFraming, patchSizes: ["4x6"] } };
}

async function saved(other: ClassifierModel): Promise<StartingPoint> {
  const file = join(await mkdtemp(join(tmpdir(), "starting-point-")), "model.safetensors");
  await saveModel(file, other);
  return (await startingPointOf(file)).from;
}

const begin = (vit: VitConfig, start: StartingPoint | undefined = from) => firstWeights({ vit, from: start, headBias: 0, seed: 1, freeze: [] }, classes);
const logits = ({ backbone, head }: ClassifierModel["params"], vit: VitConfig, images: tf.Tensor4D, patchSize: readonly [number, number]): tf.Tensor2D =>
  classifierLogits({ backbone, head }, vit, images, { scheme: { patchSize, stride: patchSize } });
const pictures = (): tf.Tensor4D => tf.randomUniform([2, 12, 12, 1], -1, 1, "float32", 5);
const kernelOf = ({ backbone }: ClassifierModel["params"]): number[][][] => (backbone.patchEmbedding.kernel as tf.Tensor4D).squeeze<tf.Tensor3D>([2]).arraySync();

/** Rows of samples at twice the rate, by straight lines between the centres of the samples; the ends are repeated. */
function doubled<Sample>(row: readonly Sample[], mix: (near: Sample, far: Sample) => Sample): Sample[] {
  return row.flatMap((sample, i) => [mix(sample, row[i - 1] ?? sample), mix(sample, row[i + 1] ?? sample)]);
}

/** Pictures of twice the size, each patch enlarged for itself, as PI-resize has it. */
function enlarged(images: tf.Tensor4D): tf.Tensor4D {
  const line = (values: number[]): number[] => doubled(values, (near, far) => 0.75 * near + 0.25 * far);
  const lines = (rows: number[][]): number[][] => doubled(rows, (near, far) => near.map((value, i) => 0.75 * value + 0.25 * far[i]));
  const inParts = <T>(all: readonly T[], size: number, change: (part: T[]) => T[]): T[] => Array.from({ length: all.length / size }, (_, i) => change(all.slice(i * size, (i + 1) * size))).flat();
  const rows = images.squeeze<tf.Tensor3D>([3]).arraySync();
  const wide = rows.map((picture) => picture.map((row) => inParts(row, 6, line)));
  const high = wide.map((picture) => inParts(picture, 4, lines));
  return tf.expandDims(tf.tensor3d(high), 3);
}

it("a model stored at its own sizes starts with the same bits", async () => {
  const params = await begin(stored);
  const there = leaves(model.params);
  for (const [index, { tensor }] of leaves(params).entries()) expectClose(tensor, there[index].tensor);
  disposeTree(params);
});

it("stored at twice the size, it gives pictures with patches of twice the size the logits of the originals", async () => {
  const params = await begin(twice);
  expect(params.backbone.patchEmbedding.kernel.shape).toEqual([8, 12, 1, 12]);
  tf.tidy(() => expectClose(logits(params, twice, enlarged(pictures()), [8, 12]), logits(model.params, stored, pictures(), [4, 6]), float32));
  disposeTree(params);
});

it("at its old size it then acts as the sums of blocks of 2x2 weights: PI-resize at exactly half the size", async () => {
  const params = await begin(twice);
  const kernel = kernelOf(params);
  const sums = Array.from({ length: 4 }, (_, y) => Array.from({ length: 6 }, (_, x) => kernel[0][0].map((_, d) => [0, 1].flatMap((dy) => [0, 1].map((dx) => kernel[2 * y + dy][2 * x + dx][d])).reduce((sum, value) => sum + value))));
  tf.tidy(() => {
    const summed = { ...model.params, backbone: { ...model.params.backbone, patchEmbedding: { ...model.params.backbone.patchEmbedding, kernel: tf.expandDims<tf.Tensor4D>(tf.tensor3d(sums), 2) } } };
    expectClose(logits(params, twice, pictures(), [4, 6]), logits(summed, stored, pictures(), [4, 6]), float32);
  });
  disposeTree(params);
});

it("positions of 3x2 stored at 6x4 are joined by straight lines, and all else keeps its bits", async () => {
  const params = await begin({ ...stored, positionGrid: [6, 4] });
  const grid = (params.backbone.positions as { grid: tf.Tensor3D }).grid.arraySync();
  const before = (model.params.backbone.positions as { grid: tf.Tensor3D }).grid.arraySync();
  const mixed = (rows: number[][]): number[][] => doubled(rows, (near, far) => near.map((value, d) => 0.75 * value + 0.25 * far[d]));
  const expected = doubled(before.map(mixed), (near, far) => near.map((row, x) => row.map((value, d) => 0.75 * value + 0.25 * far[x][d])));
  expectClose(tf.tensor3d(grid), tf.tensor3d(expected), float32);
  expectClose(params.backbone.patchEmbedding.kernel as tf.Tensor, model.params.backbone.patchEmbedding.kernel as tf.Tensor);
  disposeTree(params);
});

it("the file's own rule resizes once, whatever rule the recipe has for later", async () => {
  const antialias = { ...twice.kernelResize, method: "area" } as const;
  const [params, plain] = [await begin({ ...twice, kernelResize: antialias }), await begin(twice)];
  expectClose(params.backbone.patchEmbedding.kernel as tf.Tensor, plain.backbone.patchEmbedding.kernel as tf.Tensor);
  disposeTree(params, plain);
});

it("another depth, a changed file, and an embedder without one kernel are refused", async () => {
  const message = `firstWeights(from): expected the model that this recipe was made for, got another in ${from.file}. Make the recipe again.`;
  await expect(begin({ ...stored, depth: 2 })).rejects.toThrow(new Error(message));
  await expect(begin(stored, { ...from, sha256: "0".repeat(64) })).rejects.toThrow(new Error(message));
  await expect(begin({ ...stem.info.vit, patchSize: [8, 12] }, await saved(stem))).rejects.toThrow(
    new Error('resizeVit(model.config.embedder): expected one linear embedder, got "conv-stem". Run the model at other sizes as it is.'),
  );
});

it("the storage of a configuration is its sizes and its two ways of resizing", () => {
  const { dim, depth, ...others } = storedLike(stored, twice);
  expect([dim, depth, others.patchSize, others.positionGrid]).toEqual([12, 1, [8, 12], [3, 2]]);
  expect(JSON.stringify(storedLike(stored, stored))).toBe(JSON.stringify(stored));
});

it("the weights that are resized leave none behind, nor do those that cannot be", async () => {
  await expectNoLeak(async () => disposeTree(await begin(twice)));
  const start = await saved(stem);
  await expectNoLeak(() => begin({ ...stem.info.vit, patchSize: [8, 12] }, start).then(disposeTree, () => undefined));
});
