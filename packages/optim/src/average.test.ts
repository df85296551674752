import * as tf from "@tensorflow/tfjs-core";
import { mapLeaves } from "@flexivit/params";
import { expectClose } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { updateAverage, warmAverageDecay } from "./index.ts";

describe("updateAverage", () => {
  it("follows decay x average + (1 - decay) x params over three steps", () => {
    let average = { a: tf.tensor1d([1, 8]), list: [tf.scalar(0)] };
    const params = { a: tf.tensor1d([5, 0]), list: [tf.scalar(64)] };
    for (let i = 0; i < 3; i++) average = updateAverage(average, params, 0.75);
    // what is left of the start: 0.75^3 = 27/64
    expectClose(average.a, [5 - 4 * (27 / 64), 8 * (27 / 64)], { relative: 1e-6 });
    expectClose(average.list[0], [37], { relative: 1e-6 });
    tf.dispose([average, params] as tf.TensorContainer);
  });

  it("takes the old average and leaves the parameters alone, even where it started as their clones", () => {
    const before = tf.memory().numTensors;
    const params = { a: tf.ones([2, 3]) };
    const start = mapLeaves(params, (leaf) => tf.clone(leaf));
    const average = updateAverage(start, params, 0.5);
    expect([start.a.isDisposed, params.a.isDisposed]).toEqual([true, false]);
    expectClose(average.a, params.a);
    tf.dispose([average, params] as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("keeps the average at decay 1 and follows the parameters at decay 0", () => {
    const params = { a: tf.tensor1d([3]) };
    expectClose(updateAverage({ a: tf.tensor1d([7]) }, params, 1).a, [7]);
    expectClose(updateAverage({ a: tf.tensor1d([7]) }, params, 0).a, [3]);
  });

  it("refuses a decay outside [0, 1]", () => {
    expect(() => updateAverage({}, {}, 1.5)).toThrow(
      new Error("updateAverage(decay): expected a number in [0, 1], got 1.5. Use for example 0.999."),
    );
  });
});

it("warmAverageDecay rises from 0.1 to the decay asked for", () => {
  expect([0, 8, 90, 1e6].map((count) => warmAverageDecay(0.99, count))).toEqual([0.1, 0.5, 0.91, 0.99]);
});
