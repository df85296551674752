import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { useEngine } from "./use-engine.ts";

beforeAll(async () => {
  const name = process.env["FLEXIVIT_ENGINE"];
  vi.stubEnv("FLEXIVIT_ENGINE", "");
  await useEngine({ prefer: "wasm" });
  return async () => {
    vi.unstubAllEnvs();
    if (name) await useEngine();
  };
});

/** Numbers without a pattern between -1 and 1. */
const numbers = (length: number, seed: number) => Float32Array.from({ length }, (_, index) => Math.sin(index * index + seed));

/** The product in plain JavaScript; `a` is [count or 1, rows, inner] or transposed, `b` is [count or 1, inner, columns] or transposed. */
function expectedProduct(a: tf.Tensor, b: tf.Tensor, count: number, transposeA: boolean, transposeB: boolean): number[] {
  const [aData, bData] = [a.dataSync(), b.dataSync()];
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, inner, columns] = [transposeA ? aColumns : aRows, transposeA ? aRows : aColumns, transposeB ? bRows : bColumns];
  const at = (data: ArrayLike<number>, size: number, width: number, index: number, row: number, column: number) =>
    data[(size === data.length ? 0 : index * size) + row * width + column]!;
  return Array.from({ length: count * rows * columns }, (_, position) => {
    const [index, row, column] = [Math.floor(position / rows / columns), Math.floor(position / columns) % rows, position % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      const left = transposeA ? at(aData, aRows * aColumns, aColumns, index, k, row) : at(aData, aRows * aColumns, aColumns, index, row, k);
      const right = transposeB ? at(bData, bRows * bColumns, bColumns, index, column, k) : at(bData, bRows * bColumns, bColumns, index, k, column);
      sum += left * right;
    }
    return sum;
  });
}

const flags = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

describe.each(flags)("transposeA %s, transposeB %s", (transposeA, transposeB) => {
  test.each([
    [[], []],
    [[2], [2]],
    [[2, 3], [2, 3]],
    [[1], [3]],
    [[3], [1]],
    [[1, 1], [2]],
  ])("stacks %j and %j of [5, 7] x [7, 11] agree with plain JavaScript", (aStack, bStack) => {
    const a = tf.tensor(numbers(35 * tf.util.sizeFromShape(aStack), 1), [...aStack, ...(transposeA ? [7, 5] : [5, 7])]);
    const b = tf.tensor(numbers(77 * tf.util.sizeFromShape(bStack), 2), [...bStack, ...(transposeB ? [11, 7] : [7, 11])]);
    const product = tf.matMul(a, b, transposeA, transposeB);
    const stack = tf.broadcast_util.assertAndGetBroadcastShape(aStack, bStack);
    expect(product.shape).toEqual([...stack, 5, 11]);
    const expected = expectedProduct(a, b, tf.util.sizeFromShape(stack), transposeA, transposeB);
    // float32 sums of 7 products of numbers below 1: errors below 7 * 7 * 2^-24.
    product.dataSync().forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(3e-6));
    tf.dispose([a, b, product]);
  });
});

test("the gradient of sum(A B^T) is the column sums of B in each row of A, over stacks", () => {
  const [a, b] = [tf.tensor3d(numbers(30, 3), [2, 3, 5]), tf.tensor3d(numbers(70, 4), [2, 7, 5])];
  const gradient = tf.grad((a) => tf.sum(tf.matMul(a, b, false, true)))(a);
  const expected = tf.tile(tf.sum(b, 1, true), [1, 3, 1]).dataSync();
  gradient.dataSync().forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(3e-6));
  tf.dispose([a, b, gradient]);
});

test("inner sizes that differ are refused as before", () => {
  const [a, b] = [tf.zeros([2, 3, 5]), tf.zeros([2, 7, 5])];
  expect(() => tf.matMul(a, b)).toThrow(/inner shapes \(5\) and \(7\).* must match/);
  tf.dispose([a, b]);
});

test("products leave no tensor, no buffer and no WebAssembly memory behind", () => {
  const [a, b] = [tf.zeros([16, 64, 128]), tf.zeros([16, 64, 128])];
  const multiply = () => tf.dispose([tf.matMul(a, b, true, false), tf.matMul(a, b, false, true)]);
  const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
  multiply();
  const before = [tf.memory().numTensors, tf.backend().numDataIds(), heap()];
  for (let repeat = 0; repeat < 300; repeat++) multiply(); // 0.7 GB if each kept one operand
  expect([tf.memory().numTensors, tf.backend().numDataIds(), heap()]).toEqual(before);
  tf.dispose([a, b]);
});
