import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { applyUpdates, rmsprop, type Trained } from "./index.ts";

const start = (): Trained<{ kernel: tf.Tensor; bias: tf.Tensor }> => ({
  params: { kernel: tf.tensor1d([8, -4]), bias: tf.tensor1d([8, -4]) },
  slots: {},
});
const gradients = (...values: number[]) => ({ kernel: tf.tensor1d(values), bias: tf.tensor1d(values) });

describe("rmsprop", () => {
  it("moves every element by learningRate / sqrt(1 - b2) at the first step", () => {
    const state = applyUpdates(rmsprop({ learningRate: 0.1, b2: 0.75, epsilon: 0 }), start(), gradients(5, -0.01), { count: 0, schedule: 0.5 });
    expectClose(state.params.bias, [7.9, -3.9], { relative: 1e-6 }); // 0.5 x 0.1 / 0.5; float32 rounding
    tf.dispose(state as tf.TensorContainer);
  });

  it("scales gradients before the penalty, which is on kernels only", () => {
    const optimizer = rmsprop({ learningRate: 0.1, b2: 0, epsilon: 1, weightDecay: 0.5 });
    const state = applyUpdates(optimizer, start(), gradients(2, 2), { count: 0, schedule: 1, gradientScale: 0.5 });
    expectClose(state.params.kernel, [8 - 0.5 / 6, -4 + 0.1 / 2], { relative: 1e-6 }); // g = 1 + 4, 1 - 2
    expectClose(state.params.bias, [7.95, -4.05], { relative: 1e-6 });
    tf.dispose(state as tf.TensorContainer);
  });

  it("takes a centered variance for 0 where rounding makes it negative", () => {
    const optimizer = rmsprop({ learningRate: 1, b2: 0.5, epsilon: 2, centered: true });
    const slots = { nu: tf.tensor1d([0.99]), mu: tf.tensor1d([1]) };
    const leaf = { path: "bias", param: tf.tensor1d([3]), gradient: tf.tensor1d([1]), slots };
    // nu 0.995, mu 1: the root of -0.005 would be no number
    expectClose(optimizer.update(leaf, { count: 0, schedule: 1 }).param, [2.5]);
  });

  it("refuses settings out of range", () => {
    expect(() => rmsprop({ learningRate: 1, b2: 1 })).toThrow(
      new Error("rmsprop(b2): expected a number in [0, 1), got 1. Correct the setting."),
    );
  });

  it("leaves no tensor behind but what it returns", () => {
    const [param, gradient, nu, mu, velocity] = [1, 2, 3, 4, 5].map((value) => tf.fill([2, 3], value));
    const optimizer = rmsprop({ learningRate: 0.1, centered: true, momentum: 0.9, weightDecay: 0.1 });
    const leaf = { path: "kernel", param, gradient, slots: { nu, mu, velocity } };
    expectNoLeak(() => tf.tidy(() => optimizer.update(leaf, { count: 2, schedule: 1, gradientScale: 0.5 })));
  });
});
