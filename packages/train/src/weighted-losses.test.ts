import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { tinyLoss, tinyOptions } from "../test-support/tiny-problem.ts";
import { train, weightedLosses } from "./index.ts";

const square = (x: tf.Tensor) => tf.mean<tf.Scalar>(tf.square(x));
const wave = (x: tf.Tensor) => tf.mean<tf.Scalar>(tf.sin(x));
const x = tf.tensor2d([[1, -2, 0.5], [3, 0.25, -1]]);

describe("weightedLosses", () => {
  it("of 2 and 5 at weights 1 and 0.3 has a loss of 3.5 and the terms 2 and 5 themselves", () => {
    const [a, b] = [tf.scalar(2), tf.scalar(5)];
    const { loss, label, auxiliary } = weightedLosses({ label: [1, a], auxiliary: [0.3, b] });
    expectClose(loss, 3.5, { relative: 1e-7 });
    expect([label, auxiliary]).toEqual([a, b]);
    tf.dispose([a, b, loss]);
  });

  it("has the gradient of the sum written by hand, which is that of finite differences", () => {
    const ours = (x: tf.Tensor) => weightedLosses({ square: [1, square(x)], wave: [-0.3, wave(x)], logged: [0, wave(x)] }).loss;
    const hand = (x: tf.Tensor) => tf.sub(square(x), tf.mul(0.3, wave(x)));
    tf.tidy(() => expectClose(tf.grad(ours)(x), tf.grad(hand)(x), { relative: 1e-6 }));
    checkGradient(ours, [x]);
  });

  it("gives rows of train each term, unweighted, of which the loss is the weighted sum", async () => {
    const rows: Record<string, unknown>[] = [];
    const logger = { log: (row: Record<string, unknown>) => void rows.push(row), summary() {}, finish: async () => {} };
    const { params } = await train(
      tinyOptions({
        logger,
        loss: (weights, batch, context) => {
          const { loss, largestError } = tinyLoss(weights, batch, context);
          return weightedLosses({ label: [2, loss], auxiliary: [0.25, largestError] });
        },
      }),
    );
    expect(rows).toHaveLength(7);
    for (const row of rows) {
      expect(Object.keys(row).sort()).toEqual(["auxiliary", "gradientNorm", "imagesPerSecond", "label", "learningRate", "loss", "patchSize"]);
      expectClose(row["loss"] as number, 2 * Number(row["label"]) + 0.25 * Number(row["auxiliary"]), { relative: 1e-6 });
      expect(row["label"]).not.toBe(row["auxiliary"]);
    }
    tf.dispose(params);
  });

  it("refuses no terms, names that the log has, weights that are not finite and terms that are no scalars", () => {
    const a = tf.scalar(2);
    expect(() => weightedLosses({})).toThrow(new Error("weightedLosses(terms): expected at least one term, got none. Name what is to be minimised."));
    for (const name of ["loss", "patchSize"]) {
      expect(() => weightedLosses({ [name]: [1, a] })).toThrow(
        new Error(
          `weightedLosses(terms): expected names other than loss, gradientNorm, learningRate, patchSize, imagesPerSecond, got "${name}". ` +
            "The log has it already: choose another.",
        ),
      );
    }
    expect(() => weightedLosses({ label: [Number.NaN, a] })).toThrow(
      new Error("weightedLosses(label): expected a finite weight, got NaN. Weigh it by a plain number."),
    );
    expect(() => weightedLosses({ label: [1, x as unknown as tf.Scalar] })).toThrow(
      new Error("weightedLosses(label): expected a float32 scalar, got float32 of shape [2,3]. Reduce it with tf.mean."),
    );
    a.dispose();
  });

  it("makes one tensor, the loss", () => {
    const [a, b] = [tf.scalar(2), tf.scalar(5)];
    expectNoLeak(() => weightedLosses({ label: [1, a], auxiliary: [0.3, b] }).loss);
    tf.dispose([a, b]);
  });
});
