import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { adam, adamw, type AdamWOptions, type Optimizer, type Step } from "./index.ts";
import { freshSlots } from "./slots.ts";

/** One update of a lone leaf, from zero slots unless given. */
function update(optimizer: Optimizer, path: string, param: number[], gradient: number[], step: Partial<Step> = {}) {
  const leaf = { path, param: tf.tensor1d(param), gradient: tf.tensor1d(gradient) };
  const slots = freshSlots(optimizer.slots(leaf.param.shape, path));
  return optimizer.update({ ...leaf, slots }, { count: 0, schedule: 1, ...step });
}

describe("adamw", () => {
  it("moves every element by the learning rate against the gradient's sign at the first step", () => {
    const { param } = update(adamw({ learningRate: 0.1, epsilon: 0 }), "head/bias", [1, 2, 3], [5, -0.01, 200]);
    expectClose(param, [0.9, 2.1, 2.9], { relative: 1e-6 }); // float32 rounding of a few operations
  });

  it("decays kernels by schedule x weightDecay, whatever the learning rate, and leaves other names alone", () => {
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.25 });
    const half = { schedule: 0.5 };
    expectClose(update(optimizer, "head/kernel", [8, -4], [0, 0], half).param, [7, -3.5], { relative: 1e-7 });
    expectClose(update(optimizer, "kernel", [8, -4], [0, 0], half).param, [7, -3.5], { relative: 1e-7 });
    expectClose(update(optimizer, "head/bias", [8, -4], [0, 0], half).param, [8, -4]);
    expectClose(update(optimizer, "head/subkernel", [8, -4], [0, 0], half).param, [8, -4]);
  });

  it('decays every leaf with decayMask "all", and those that a function takes', () => {
    const all = adamw({ learningRate: 0.1, weightDecay: 0.25, decayMask: "all" });
    expectClose(update(all, "head/bias", [8, -4], [0, 0]).param, [6, -3], { relative: 1e-7 });
    const head = adamw({ learningRate: 0.1, weightDecay: 0.25, decayMask: (path) => path.startsWith("head/") });
    expectClose(update(head, "head/bias", [8, -4], [0, 0]).param, [6, -3], { relative: 1e-7 });
    expectClose(update(head, "body/kernel", [8, -4], [0, 0]).param, [8, -4]);
  });

  it('multiplies the decay by the learning rate too with decayTimes "learningRate"', () => {
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.25, decayTimes: "learningRate" });
    expectClose(update(optimizer, "kernel", [8, -4], [0, 0], { schedule: 0.5 }).param, [7.9, -3.95], { relative: 1e-7 });
  });

  it("scales gradients before both moments", () => {
    const optimizer = adamw({ learningRate: 0.1 });
    const scaled = update(optimizer, "kernel", [1], [8], { gradientScale: tf.scalar(0.25) });
    const plain = update(optimizer, "kernel", [1], [2]);
    expectClose(scaled.slots["mu"], plain.slots["mu"]);
    // 1 - 0.999 in float32, as the fused kernel takes it, is off by 1.3e-5
    expectClose(scaled.slots["nu"], [0.004], { relative: 2e-5 });
  });

  it("keeps a first moment of 8 significant bits with bfloat16, but steps by the unrounded one", () => {
    const coarse = update(adamw({ learningRate: 0.1, firstMoment: "bfloat16" }), "kernel", [1], [Math.PI]);
    const fine = update(adamw({ learningRate: 0.1 }), "kernel", [1], [Math.PI]);
    expectClose(coarse.slots["mu"], [0.314453125]); // 161 / 512, the bfloat16 next to pi / 10
    expectClose(coarse.param, fine.param);
  });

  const refusals: [AdamWOptions, string][] = [
    [{ learningRate: 0 }, "adamw(learningRate): expected a number above 0, got 0. Correct the setting."],
    [{ learningRate: 1, b1: 1 }, "adamw(b1): expected a number in [0, 1), got 1. Correct the setting."],
    [{ learningRate: 1, b2: -1 }, "adamw(b2): expected a number in [0, 1), got -1. Correct the setting."],
    [{ learningRate: 1, epsilon: Number.NaN }, "adamw(epsilon): expected a number of at least 0, got NaN. Correct the setting."],
    [{ learningRate: 1, weightDecay: -2 }, "adamw(weightDecay): expected a number of at least 0, got -2. Correct the setting."],
    [
      { learningRate: 1, decayTimes: "both" as "schedule" },
      'adamw(decayTimes): expected "schedule" or "learningRate", got "both". Correct the setting.',
    ],
    [
      { learningRate: 1, firstMoment: "float16" as "float32" },
      'adamw(firstMoment): expected "float32" or "bfloat16", got "float16". Correct the setting.',
    ],
    [
      { learningRate: "0.1" as unknown as number },
      'adamw(learningRate): expected a number above 0, got "0.1". Correct the setting.',
    ],
    [
      { learningRate: 1, decayMask: "head" as "all" },
      'adamw(decayMask): expected "kernels", "all" or a function of the path, got "head". Correct the setting.',
    ],
    [
      { learningRate: 1, beta1: 0.9 } as AdamWOptions,
      "adamw(options): expected settings out of learningRate, b1, b2, epsilon, firstMoment, weightDecay, decayTimes, decayMask, " +
        'got "beta1". Correct its name or leave it out.',
    ],
  ];
  it.each(refusals)("refuses %j", (options, message) => {
    expect(() => adamw(options)).toThrow(new Error(message));
  });

  it("takes the default where a setting is undefined", () => {
    const { param } = update(adamw({ learningRate: 0.1, b1: undefined, epsilon: 0 }), "bias", [1], [5]);
    expectClose(param, [0.9], { relative: 1e-6 }); // float32 rounding of a few operations
  });

  it("leaves no tensor behind but what it returns", () => {
    const [param, gradient] = [tf.ones([2, 3]), tf.ones([2, 3])];
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.1, firstMoment: "bfloat16" });
    expectNoLeak(() =>
      tf.tidy(() => {
        const slots = freshSlots(optimizer.slots(param.shape, "kernel"));
        return optimizer.update({ path: "kernel", param, gradient, slots }, { count: 2, schedule: 1, gradientScale: 0.5 });
      }),
    );
  });
});

describe("adam", () => {
  it("is AdamW without decay, bit for bit", () => {
    const settings = { learningRate: 0.1, b1: 0.8, b2: 0.9, epsilon: 0.01 };
    const [a, w] = [adam(settings), adamw(settings)].map((optimizer) => update(optimizer, "kernel", [1, 2], [3, -4], { count: 2 }));
    expectClose(a.param, w.param);
    expect(a.param.dataSync()[0]).toBeLessThan(1);
  });

  it("refuses a decay, which it has not", () => {
    expect(() => adam({ learningRate: 1, weightDecay: 0.1 } as { learningRate: number })).toThrow(
      new Error(
        'adam(options): expected settings out of learningRate, b1, b2, epsilon, firstMoment, got "weightDecay". ' +
          "Correct its name or leave it out.",
      ),
    );
  });
});
