import { pixelSource } from "@flexivit/data";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { recipeDefaults, type ClassifierRecipe } from "./recipe.ts";
import { trainingBatches } from "./training-batches.ts";

const source = pixelSource({
  name: "toy",
  pixels: Uint8Array.from({ length: 13 * 30 }, (_, i) => (7 * i) % 256),
  height: 5,
  width: 6,
  channels: 1,
  labels: Array.from({ length: 13 }, (_, i) => i % 3),
  classes: ["a", "b", "c"],
});

it("two ranks read parts 0, 2, 4 and 1, 3 of each batch, mixed as one process reads them, also from step 3 on", async () => {
  const [parts, steps] = [5, 6];
  const recipe = { ...recipeDefaults, accumulate: parts, steps, batchSize: 10, imageSizePx: 4, trainFraming: { kind: "pad-crop" }, mix: { mixup: { alpha: 1 } }, seed: 2 } as ClassifierRecipe;
  const one = trainingBatches(recipe, source);
  const ranks = [0, 1].map((rank) => trainingBatches(recipe, source, { rank, size: 2 }));
  for (let step = 3; step < steps; step++) {
    for (let part = 0; part < parts; part++) {
      const [expected, got] = await Promise.all([one, ranks[part % 2]].map(({ batch }) => batch(step, part)));
      for (const name of ["images0", "targets"] as const) expect(got[name].dataSync()).toEqual(expected[name].dataSync());
      tf.dispose([expected, got]);
    }
  }
  await expect(ranks[1].batch(steps - 1, 1)).rejects.toThrow("trainClassifier(batch): expected parts in order, got 10 instead of 12. Train with one loop at a time.");
  await Promise.all([one, ...ranks].map(({ close }) => close()));
});
