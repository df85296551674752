import * as tf from "@tensorflow/tfjs-core";
import type { ParamTree } from "@flexivit/params";
import { expectClose } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { applyUpdates, sgd } from "./index.ts";

describe("sgd", () => {
  it("steps along a velocity: 3 steps of gradient 2, momentum 0.5, lr 0.1, schedule 0.5", () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.5 });
    let state = { params: { a: tf.tensor1d([1, -1]) }, slots: {} as ParamTree };
    for (const count of [0, 1, 2]) {
      state = applyUpdates(optimizer, state, { a: tf.tensor1d([4, 4]) }, { count, schedule: 0.5, gradientScale: 0.5 });
    }
    // velocities 2, 3, 3.5: together 8.5, times 0.05
    expectClose(state.params.a, [0.575, -1.425], { relative: 1e-6 });
    tf.dispose(state as tf.TensorContainer);
  });

  it("adds the penalty of kernels, and only of kernels, to the gradient", () => {
    const optimizer = sgd({ learningRate: 0.5, weightDecay: 0.25 });
    const params = { kernel: tf.tensor1d([8, -4]), bias: tf.tensor1d([8, -4]) };
    const gradients = { kernel: tf.tensor1d([1, 1]), bias: tf.tensor1d([1, 1]) };
    const { params: next } = applyUpdates(optimizer, { params, slots: {} }, gradients, { count: 0, schedule: 1 });
    expectClose(next.kernel, [6.5, -4]); // 8 - 0.5 (1 + 2), -4 - 0.5 (1 - 1): exact in float32
    expectClose(next.bias, [7.5, -4.5]);
    tf.dispose(next as tf.TensorContainer);
  });

  it("refuses settings out of range", () => {
    expect(() => sgd({ learningRate: -1 })).toThrow(
      new Error("sgd(learningRate): expected a number above 0, got -1. Correct the setting."),
    );
    expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(
      new Error("sgd(momentum): expected a number in [0, 1), got 1. Correct the setting."),
    );
    expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow(
      new Error("sgd(nesterov): expected a momentum above 0 to look ahead along, got 0. Set momentum, such as 0.9, or leave nesterov out."),
    );
  });
});
