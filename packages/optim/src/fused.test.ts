import * as tf from "@tensorflow/tfjs-core";
import { leaves } from "@flexivit/params";
import { expectClose } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { adamw, applyUpdates, globalNorm, type Trained } from "./index.ts";

/** The same work without a kernel of the engine. */
function composed<T>(kernelName: string, work: () => T): T {
  const kernel = tf.getKernel(kernelName, tf.getBackend()) as tf.KernelConfig;
  tf.unregisterKernel(kernelName, tf.getBackend());
  try {
    return work();
  } finally {
    tf.registerKernel(kernel);
  }
}

/** Values that repeat nowhere; [7, 1237] ends in the middle of a vector and of a task of the kernels. */
const wave = (phase: number): tf.Tensor =>
  tf.tensor(Float32Array.from({ length: 7 * 1237 }, (_, i) => Math.sin(i * 1.7 + phase)), [7, 1237]);

const lacks = (kernelName: string): boolean => !tf.getKernel(kernelName, tf.getBackend());

describe("the engine's fused kernels agree with the composed operations", () => {
  it.skipIf(lacks("FlexivitAdamw"))("AdamW, three steps with decay, schedule and gradient scale", () => {
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.3, b1: 0.8, b2: 0.99 });
    const scales = [tf.scalar(0.25), 0.5, undefined];
    const threeSteps = () => {
      let state: Trained<{ kernel: tf.Tensor; bias: tf.Tensor }> = { params: { kernel: wave(1), bias: wave(2) }, slots: {} };
      for (const count of [0, 1, 2]) {
        const gradients = { kernel: wave(3 + count), bias: wave(7 - count) };
        state = applyUpdates(optimizer, state, gradients, { count, schedule: 0.7, gradientScale: scales[count] });
      }
      return state;
    };
    const fused = threeSteps();
    const plain = composed("FlexivitAdamw", threeSteps);
    // A few float32 roundings per step; the second moment also sees 1 - b2 in float32, off by 6e-7.
    const [got, want] = [leaves([fused.params, fused.slots]), leaves([plain.params, plain.slots])];
    expect(got.map(({ path }) => path)).toEqual(want.map(({ path }) => path));
    got.forEach(({ tensor }, i) => expectClose(tensor, want[i].tensor, { relative: 2e-6 }));
    tf.dispose([fused, plain] as tf.TensorContainer);
  });

  it.skipIf(lacks("FlexivitSumOfSquares"))("the global norm of 8,659 numbers", () => {
    const tree = { a: wave(1), b: tf.scalar(-3) };
    const plain = composed("FlexivitSumOfSquares", () => globalNorm(tree));
    expect(plain.dataSync()[0]).toBeGreaterThan(60);
    expectClose(globalNorm(tree), plain, { relative: 1e-6 });
  });
});
