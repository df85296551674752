import { parseScheme } from "@flexivit/patch-schemes";
import { disposeTree } from "@flexivit/params";
import { checkGradient, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, initClassifierWeights, recipeDefaults, type ClassifierBatch, type ClassifierModel } from "./index.ts";
import { vitConfig } from "@flexivit/vit";
import { expect, it } from "vitest";
import type { ClassifierRecipe } from "./recipe.ts";
import { teacherObjective } from "./teacher-objective.ts";

const smokeVit = vitConfig({ dim: 16, depth: 1, hiddenDim: 32, heads: 2 }, { channels: 1, patchSize: [6, 6], positionGrid: [4, 4] });
const recipe: ClassifierRecipe = {
  ...recipeDefaults,
  vit: smokeVit,
  imageSizePx: 12,
  patchSizes: ["6", "4"],
  evaluatePatchSizes: ["6"],
  batchSize: 5,
  steps: 1,
  schedule: { kind: "constant" },
  evaluateEvery: 1,
  checkpointEvery: 1,
};
const info = { vit: smokeVit, classes: ["a", "b", "c"], imageSizePx: 24, framing: recipe.testFraming, patchSizes: ["6"] };
const context = { step: 0, part: 0, scheme: parseScheme("4"), seed: 0 };

/** Weights away from their start, whose head is zero. */
function weights(seed: number): ClassifierModel["params"] {
  const params = initClassifierWeights(smokeVit, 3, 0, seed);
  const kernel = tf.randomNormal<tf.Rank.R2>([16, 3], 0, 0.5, "float32", seed);
  params.head.kernel.dispose();
  return { ...params, head: { ...params.head, kernel } };
}

const batchOf = (sizePx: number): ClassifierBatch => ({ images0: tf.randomUniform<tf.Rank.R4>([5, sizePx, sizePx, 1], -1, 1, "float32", 7), targets: tf.zeros([5, 3]) });

it("a student that is its teacher, at the same sizes, has no loss; at another patch size it has one", () => {
  const params = weights(1);
  const objective = teacherObjective(recipe, { params, info }, { patchSize: "4", imageSizePx: 12, distance: { kind: "kl" } });
  const batch = batchOf(objective.imageSizePx);
  expect(objective.imageSizePx).toBe(12);
  const at = (scheme: string): number => objective.loss(params, batch, { ...context, scheme: parseScheme(scheme) }).loss.dataSync()[0];
  expect(Math.abs(at("4"))).toBeLessThan(1e-6); // float32 noise of logarithms of about 1
  expect(at("6")).toBeGreaterThan(1e-3);
  tf.dispose(batch);
  disposeTree(params);
});

it("the loss is KL(teacher || student) of both, each at its own image size and patch size", () => {
  const [student, teacher] = [weights(1), weights(2)];
  const objective = teacherObjective(recipe, { params: teacher, info }, { patchSize: "6", imageSizePx: 24, distance: { kind: "kl", temperature: 1 } });
  expect(objective.imageSizePx).toBe(24);
  const batch = batchOf(24);
  const { loss } = objective.loss(student, batch, context);
  // Where 24 px become 12 with antialias, a pixel is the weighted sum 1 3 3 1 along each axis, cut off at the border.
  const wide = batch.images0.arraySync();
  const half = (line: number[]): number[] => Array.from({ length: 12 }, (_, i) => {
    const taps = [1, 3, 3, 1].map((weight, k) => ({ weight, value: line[2 * i - 1 + k] })).filter(({ value }) => value !== undefined);
    return taps.reduce((sum, { weight, value }) => sum + weight * value, 0) / taps.reduce((sum, { weight }) => sum + weight, 0);
  });
  const turned = (rows: number[][]): number[][] => rows[0].map((_, column) => rows.map((row) => row[column]));
  const small = wide.map((picture) => turned(turned(picture.map((row) => row.map(([value]) => value)).map(half)).map(half)));
  const logits = (params: ClassifierModel["params"], images: tf.Tensor4D, scheme: string): number[][] => classifierLogits(params, smokeVit, images, { scheme: parseScheme(scheme) }).arraySync();
  const own = logits(student, tf.tensor4d(small.flat(2), [5, 12, 12, 1]), "4");
  const answers = logits(teacher, batch.images0, "6");
  const shares = (row: number[]): number[] => row.map((value) => Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0));
  const expected = answers.map((row, i) => shares(row).reduce((sum, p, j) => sum + p * Math.log(p / shares(own[i])[j]), 0)).reduce((sum, kl) => sum + kl / 5, 0);
  expect(loss.dataSync()[0]).toBeCloseTo(expected, 5); // logits of about 1 in float32
  tf.dispose([batch, loss]);
  disposeTree(student, teacher);
});

it("the gradient is that of the loss, in the student's head and kernel, and nothing is left", () => {
  const [student, teacher] = [weights(1), weights(2)];
  const objective = teacherObjective(recipe, { params: teacher, info }, { patchSize: "6", imageSizePx: 24, distance: { kind: "kl", temperature: 2 } });
  const batch = batchOf(24);
  const lossOf = (head: tf.Tensor, kernel: tf.Tensor): tf.Tensor => {
    const { backbone } = student;
    const params = { head: { ...student.head, kernel: head as tf.Tensor2D }, backbone: { ...backbone, patchEmbedding: { ...backbone.patchEmbedding, kernel: kernel as tf.Tensor4D } } };
    return objective.loss(params, batch, context).loss;
  };
  checkGradient(lossOf, [student.head.kernel, student.backbone.patchEmbedding.kernel as tf.Tensor], { step: 2 ** -9 }); // fresh kernels are small beside the usual step
  expectNoLeak(() => tf.tidy(() => objective.loss(student, batch, context)));
  tf.dispose(batch);
  disposeTree(student, teacher);
});

it("a teacher that takes pixels on another scale is refused; the usual scale may be named", () => {
  const [teacher, view] = [weights(2), { patchSize: "6", imageSizePx: 24, distance: { kind: "kl" } }] as const;
  const scaled = (mean: number, std: number) => () => teacherObjective(recipe, { params: teacher, info: { ...info, normalisation: { mean, std } } }, view);
  expect(scaled(0.5, 0.25)).toThrow(
    new Error(
      'teacherObjective(teacher): expected a teacher of the student\'s pictures, {"channels":1,"mean":0.5,"std":0.5}, got one of {"channels":1,"mean":0.5,"std":0.25}. Open the data as the teacher takes it (--normalisation).',
    ),
  );
  expect(scaled(0.5, 0.5)).not.toThrow();
  disposeTree(teacher);
});
