import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { clipByGlobalNorm, globalNorm } from "./index.ts";

const gradients = { a: tf.tensor1d([2, -1]), deep: [{ b: tf.tensor2d([[4, 2, 0]]) }, tf.scalar(-12)] };

describe("clipByGlobalNorm", () => {
  it("gives the norm of all leaves together, 13 for 2, 1, 4, 2, 12", () => {
    expectClose(globalNorm(gradients), [13], { relative: 1e-7 });
  });

  it("gives the factor that brings the norm to the limit, and 1 below it", () => {
    expectClose(clipByGlobalNorm(gradients, 6.5).scale, [0.5], { relative: 1e-7 });
    expectClose(clipByGlobalNorm(gradients, 13.5).scale, [1]);
  });

  it("reports what is not finite instead of hiding it", () => {
    const { norm, scale } = clipByGlobalNorm({ a: tf.tensor1d([1, Number.NaN]) }, 1);
    expect([norm.dataSync()[0], scale.dataSync()[0]]).toEqual([Number.NaN, Number.NaN]);
    expect(globalNorm({ a: tf.tensor1d([1, -Infinity]) }).dataSync()[0]).toBe(Infinity);
  });

  it("is 0 for no leaves at all", () => {
    expectClose(globalNorm({}), [0]);
  });

  it("refuses a limit that is not above 0", () => {
    expect(() => clipByGlobalNorm(gradients, 0)).toThrow(
      new Error("clipByGlobalNorm(maxNorm): expected a number above 0, got 0. Leave clipping out instead."),
    );
  });

  it("leaves only the norm and the factor behind", () => {
    expectNoLeak(() => clipByGlobalNorm(gradients, 1));
  });

  it("holds one leaf's squares at a time", async () => {
    const tree = Array.from({ length: 20 }, () => tf.ones([1000]));
    const held = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => globalNorm(tree));
    expect(peakBytes - held).toBeLessThan(2 * 4000); // one leaf of squares and 20 sums
    tf.dispose(tree);
  });
});
