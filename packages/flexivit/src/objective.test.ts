import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pixelSource } from "@flexivit/data";
import { disposeTree } from "@flexivit/params";
import { openRun, readRun } from "@flexivit/run-log";
import { vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { recipeDefaults, trainClassifier, type ClassifierRecipe, type TrainingContext } from "./index.ts";

const vit = vitConfig({ dim: 8, depth: 1, hiddenDim: 16, heads: 2 }, { channels: 1, patchSize: [4, 4], positionGrid: [3, 3] });
const recipe: ClassifierRecipe = {
  ...recipeDefaults,
  vit,
  imageSizePx: 12,
  patchSizes: ["4", "6"],
  evaluatePatchSizes: ["4"],
  trainFraming: { kind: "squash" },
  testFraming: { kind: "squash" },
  batchSize: 5,
  steps: 40,
  optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
  schedule: { kind: "constant" },
  clipNorm: Infinity,
  evaluateEvery: 40,
  checkpointEvery: 40,
};
const pixels = Uint8Array.from({ length: 7 * 20 * 20 }, (_, i) => i % 251);
const source = pixelSource({ name: "s", pixels, height: 20, width: 20, channels: 1, labels: [0, 1, 2, 0, 1, 2, 0], classes: ["a", "b", "c"] });

it("another objective is minimised in place of the recipe's, on pictures of its own 20 px; evaluation stays at 12 px", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flexivit-objective-"));
  const run = await openRun({ folder, name: "r", config: recipe });
  const seen = new Set<string>();
  const wanted = tf.tensor1d([1, -2, 3]);
  const objective: TrainingContext["objective"] = {
    imageSizePx: 20,
    // The loss is the sum of (bias - wanted)^2 / 2: each step of 0.1 leaves 0.9 of the distance.
    loss: ({ head }, { images0 }) => {
      seen.add(String(images0.shape));
      return { loss: tf.mul(tf.sum(tf.squaredDifference(head.bias, wanted)), 0.5) as tf.Scalar };
    },
  };
  const { model } = await trainClassifier(recipe, { training: source, test: source, run, objective });
  await run.finish("finished");
  expect([...seen]).toEqual(["5,20,20,1"]);
  expect(model.info.imageSizePx).toBe(12);
  const left = 1 - 0.9 ** 40;
  expect([...model.params.head.bias.dataSync()].map((value) => value / left)).toEqual([1, -2, 3].map((value) => expect.closeTo(value, 4)));
  const { rows } = await readRun(folder);
  expect(rows[0]["loss"]).toBeCloseTo(7, 5);
  expect(rows.at(-1)?.["accuracy/4"]).toBeGreaterThanOrEqual(0);
  disposeTree(model.params);
  wanted.dispose();
  await rm(folder, { recursive: true });
});
