import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, test } from "vitest";
import { constant, initParams, type InitTree, lecunNormal, normal, ones, xavierUniform, zeros } from "./init.ts";
import { leaves } from "./tree.ts";

type Params = { blocks: { kernel: tf.Tensor2D; bias?: tf.Tensor1D }[]; scale: tf.Tensor1D };

const spec = (depth: number): InitTree<Params> => ({
  blocks: Array.from({ length: depth }, () => ({ kernel: xavierUniform([3, 5]), bias: normal([5], 1e-6) })),
  scale: ones([7]),
});

/** Values of one leaf, drawn on its own. */
const draw = (init: InitTree<tf.Tensor>): Float32Array => {
  const tensor = initParams<tf.Tensor>(init, 1);
  const values = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return values;
};
const rms = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe("initParams", () => {
  test("a leaf depends on its path and the seed alone: more blocks leave the first ones as they were", () => {
    const two: Params = initParams(spec(2), 5);
    const three: Params = initParams(spec(3), 5);
    const other: Params = initParams(spec(2), 6);
    expectClose(three.blocks[1].kernel, two.blocks[1].kernel);
    const firstValues = [two.blocks[0], two.blocks[1], other.blocks[1]].map(({ kernel }) => kernel.dataSync()[0]);
    expect(new Set(firstValues).size).toBe(3);
    expect(leaves(two).map(({ path, tensor }) => `${path} ${tensor.shape} ${tensor.dtype}`)).toEqual([
      "blocks/0/kernel 3,5 float32",
      "blocks/0/bias 5 float32",
      "blocks/1/kernel 3,5 float32",
      "blocks/1/bias 5 float32",
      "scale 7 float32",
    ]);
    tf.dispose([two, three, other]);
  });

  test("ones, zeros and constant fill with their value; a shape of [] is one number", () => {
    expect([...draw(ones([2]))]).toEqual([1, 1]);
    expect([...draw(zeros([3]))]).toEqual([0, 0, 0]);
    expect([...draw(constant([], -10))]).toEqual([-10]);
  });

  // 40,000 draws: the root mean square is right to 4 / sqrt(2 * 40,000) = 1.4 %.
  test("normal has its standard deviation", () => {
    expect(rms(draw(normal([40_000], 0.02)))).toBeCloseTo(0.02, 3);
    expect(Math.abs(rms(draw(normal([40_000], 0.02))) / 0.02 - 1)).toBeLessThan(0.014);
  });

  test("xavierUniform([2, 3, 80, 120]) stays within sqrt(6 / (6 * 200)) and reaches it", () => {
    const limit = Math.sqrt(6 / (6 * 200));
    const values = draw(xavierUniform([2, 3, 80, 120]));
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expect(largest / limit).toBeLessThan(1 + 1e-6);
    expect(largest / limit).toBeGreaterThan(0.999);
    expect(Math.abs(rms(values) / (limit / Math.sqrt(3)) - 1)).toBeLessThan(0.014);
  });

  test("lecunNormal([5, 7, 3, 400]) has variance 1 / 105 and no value beyond two of its uncut deviations", () => {
    const values = draw(lecunNormal([5, 7, 3, 400]));
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expect(Math.abs(rms(values) * Math.sqrt(105) - 1)).toBeLessThan(0.014);
    // 2 / 0.8796 = 2.274
    expect(largest * Math.sqrt(105)).toBeLessThan(2.2738);
    expect(largest * Math.sqrt(105)).toBeGreaterThan(2.25);
  });

  test("initParams leaves no tensor behind", () => {
    expectNoLeak(() => initParams<Params>(spec(2), 1));
  });
});

describe("init refuses", () => {
  test("a fan of a shape without one", () => {
    expect(() => xavierUniform([7])).toThrow(
      new Error("xavierUniform(shape): expected axes [..., inputs, outputs], got shape [7]. Reshape it to rank at least 2."),
    );
    expect(() => lecunNormal([])).toThrow(
      new Error("lecunNormal(shape): expected axes [..., inputs, outputs], got shape []. Reshape it to rank at least 2."),
    );
  });

  test("a spec with something else in it, by its path", () => {
    const wrong = { blocks: [{ kernel: 3 }] } as unknown as InitTree<Params>;
    expect(() => initParams<Params>(wrong, 1)).toThrow(
      new Error('initParams(spec): expected initial values in plain objects and arrays, got 3 at "blocks/0/kernel". Remove it from the tree.'),
    );
  });
});
