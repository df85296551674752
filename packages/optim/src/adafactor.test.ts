import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { factoredAxes, secondMomentShapes } from "./factored-moment.ts";
import { adafactor, type AdafactorOptions, applyUpdates, type Optimizer, type Step } from "./index.ts";
import { freshSlots } from "./slots.ts";

/** One update of a lone leaf from zero slots. */
function update(optimizer: Optimizer, param: tf.Tensor, gradient: tf.Tensor, step: Partial<Step> = {}, path = "kernel") {
  const slots = freshSlots(optimizer.slots(param.shape, path));
  return optimizer.update({ path, param, gradient, slots }, { count: 0, schedule: 1, ...step });
}

/** Values that repeat nowhere and are not near 0. */
const wave = (shape: number[], phase: number): tf.Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(Float32Array.from({ length: size }, (_, i) => 1.5 + Math.sin(i * 1.7 + phase)), shape);
};

describe("factoredAxes", () => {
  it("takes the two longest axes wherever they are, the later of equal ones, and none below the least length", () => {
    expect(factoredAxes([3, 5], 3)).toEqual({ longest: 1, second: 0 });
    expect(factoredAxes([7, 2, 5], 5)).toEqual({ longest: 0, second: 2 });
    expect(factoredAxes([32, 32, 3, 768], 32)).toEqual({ longest: 3, second: 1 });
    expect(factoredAxes([4, 4], 4)).toEqual({ longest: 1, second: 0 });
    expect([[7, 2, 5], [99], []].map((shape) => factoredAxes(shape, 6))).toEqual([undefined, undefined, undefined]);
  });

  it("keeps 960 numbers of a kernel of 192x768 in place of 147,456, and all of a bias", () => {
    expect(secondMomentShapes([192, 768], 32)).toEqual({ nuRow: [192], nuColumn: [768] });
    expect(secondMomentShapes([2, 768], 32)).toEqual({ nu: [2, 768] });
    expect(secondMomentShapes([768], 32)).toEqual({ nu: [768] });
  });
});

describe("adafactor", () => {
  it("moves every element by the learning rate against the gradient's sign at the first step", () => {
    const optimizer = adafactor({ learningRate: 0.1, momentum: 0 });
    const first = (schedule: number) => update(optimizer, tf.tensor1d([1, 2, 3]), tf.tensor1d([5, -0.01, 200]), { schedule }).param;
    expectClose(first(1), [0.9, 2.1, 2.9], { relative: 1e-6 }); // float32 rounding of a few operations
    expectClose(first(0.5), [0.95, 2.05, 2.95], { relative: 1e-6 });
  });

  it("scales gradients before both moments", () => {
    const step = { count: 31, gradientScale: tf.scalar(0.25) };
    const { slots } = update(adafactor({ learningRate: 1 }), tf.zeros([1]), tf.tensor1d([8]), step);
    expectClose(slots["nu"], [4 / 16], { relative: 1e-6 }); // 32^-0.8 = 1/16
    expectClose(slots["mu"], [0.1 * 4], { relative: 1e-6 }); // 2 / sqrt(4/16)
  });

  it("divides exactly as a whole second moment where squared gradients are a row times a column, in all of 5 axis orders", () => {
    // Outer products are what the factors can hold without loss; float32 rounding of a few operations.
    for (const [shape, row, column] of [
      [[3, 5], [3, 1], [1, 5]],
      [[5, 3], [5, 1], [1, 3]],
      [[3, 2, 5], [3, 1, 1], [1, 2, 5]],
      [[5, 2, 3], [5, 2, 1], [1, 2, 3]],
      [[2, 5, 3], [2, 5, 1], [2, 1, 3]],
    ]) {
      const [param, gradient] = [wave(shape, 0), tf.mul(wave(row, 1), wave(column, 2))];
      const [factored, whole] = [3, 9].map((minLengthToFactor) => adafactor({ learningRate: 0.1, minLengthToFactor }));
      const got = update(factored, param, gradient, { count: 3 });
      expect(Object.keys(got.slots)).toContain("nuRow");
      expectClose(got.param, update(whole, param, gradient, { count: 3 }).param, { relative: 2e-6 });
    }
  });

  it("decays its second moment by 1 - t^-0.8, but never by more than the cap", () => {
    const kept = (count: number, options: Partial<AdafactorOptions> = {}) =>
      update(adafactor({ learningRate: 1, ...options }), tf.ones([2]), tf.fill([2], 3), { count }).slots["nu"];
    expectClose(kept(0), [9, 9]);
    expectClose(kept(31), [9 / 16, 9 / 16], { relative: 1e-6 }); // 32^-0.8 = 1/16
    expectClose(kept(32 ** 2 - 1, { b2Cap: 0.75 }), [9 / 4, 9 / 4], { relative: 1e-6 });
    expectClose(kept(10 ** 5), [0.009, 0.009], { relative: 1e-6 }); // the cap of 0.999; uncapped 9e-4
  });

  it("multiplies the direction by the leaf's root mean square, by 1e-3 at least, so that zeros can be left", () => {
    const optimizer = adafactor({ learningRate: 0.5, momentum: 0, scaleByParam: true });
    expectClose(update(optimizer, tf.tensor1d([3, -3]), tf.tensor1d([1, 7])).param, [1.5, -4.5], { relative: 1e-6 });
    expectClose(update(optimizer, tf.zeros([2]), tf.tensor1d([1, 7])).param, [-5e-4, -5e-4], { relative: 1e-6 });
  });

  it("clips the root mean square of a leaf's direction", () => {
    const optimizer = adafactor({ learningRate: 1, momentum: 0, clipRms: 0.25 });
    expectClose(update(optimizer, tf.zeros([2]), tf.tensor1d([1, -7])).param, [-0.25, 0.25], { relative: 1e-6 });
  });

  it("decays kernels by schedule x weightDecay, or times the learning rate too", () => {
    const decayed = (options: Partial<AdafactorOptions>, path = "kernel") =>
      update(adafactor({ learningRate: 0.1, weightDecay: 0.25, ...options }), tf.tensor1d([8, -4]), tf.zeros([2]), { schedule: 0.5 }, path).param;
    expectClose(decayed({}), [7, -3.5], { relative: 1e-7 });
    expectClose(decayed({ decayTimes: "learningRate" }), [7.9, -3.95], { relative: 1e-7 });
    expectClose(decayed({}, "bias"), [8, -4]);
  });

  it("stays where no gradient comes, whatever the shape", () => {
    for (const shape of [[3, 5], [7]]) {
      const optimizer = adafactor({ learningRate: 1, minLengthToFactor: 3 });
      expectClose(update(optimizer, tf.ones(shape), tf.zeros(shape)).param, tf.ones(shape));
    }
  });

  const refusals: [AdafactorOptions, string][] = [
    [{ learningRate: 1, minLengthToFactor: 0 }, "adafactor(minLengthToFactor): expected a whole number of at least 1, got 0. Correct the setting."],
    [{ learningRate: 1, decayPower: 0 }, "adafactor(decayPower): expected a number in (0, 1], got 0. Correct the setting."],
    [{ learningRate: 1, b2Cap: 2 }, "adafactor(b2Cap): expected a number in (0, 1], got 2. Correct the setting."],
    [{ learningRate: 1, epsilon: 0 }, "adafactor(epsilon): expected a number above 0, got 0. Correct the setting."],
    [
      { learningRate: 1, scaleByParam: 1 as unknown as boolean },
      "adafactor(scaleByParam): expected true or false, got 1. Correct the setting.",
    ],
  ];
  it.each(refusals)("refuses %j", (options, message) => {
    expect(() => adafactor(options)).toThrow(new Error(message));
  });

  it("leaves no tensor behind but what it returns", () => {
    const [param, gradient] = [tf.ones([3, 5]), tf.ones([3, 5])];
    const optimizer = adafactor({ learningRate: 0.1, minLengthToFactor: 3, scaleByParam: true, clipRms: 1, firstMoment: "bfloat16" });
    expectNoLeak(() => tf.tidy(() => update(optimizer, param, gradient, { gradientScale: 0.5 })));
  });

  it("remembers 80 numbers of a kernel of 30x50 and peaks at 3 of its size and a little above that", async () => {
    const optimizer = adafactor({ learningRate: 0.1, momentum: 0, minLengthToFactor: 30, scaleByParam: true, clipRms: 1 });
    const before = tf.memory().numBytes;
    let state = applyUpdates(optimizer, { params: { kernel: tf.ones([30, 50]) }, slots: {} }, { kernel: tf.ones([30, 50]) }, { count: 0, schedule: 1 });
    expect(tf.memory().numBytes - before).toBe(4 * (1500 + 80));
    const gradients = { kernel: tf.ones([30, 50]) };
    const held = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      state = applyUpdates(optimizer, state, gradients, { count: 1, schedule: 1 });
      return [];
    });
    // The direction, its multiple and the new leaf at once, and rows and columns: 3.08 here.
    expect((peakBytes - held) / (4 * 1500)).toBeLessThan(3.2);
    tf.dispose(state as tf.TensorContainer);
  });
});
