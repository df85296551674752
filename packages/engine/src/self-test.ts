/** Run as a child process: `node self-test.ts <engine> <folder> [<kernels folder>]` prints one line of JSON or fails. */
import * as tf from "@tensorflow/tfjs-core";
import { startNative } from "./native-engine.ts";
import { startWebgpu } from "./webgpu-engine.ts";

const [name, folder = "", kernels] = process.argv.slice(2);
const engine = await (name === "webgpu" ? startWebgpu(folder) : startNative({ binding: folder, kernels }));
matrixProduct(37, 41, 43);
gradientOfCube(7);
console.log(JSON.stringify(engine));

/** Sizes are odd on purpose: they end inside a vector register. */
function matrixProduct(rows: number, inner: number, columns: number): void {
  const left = Float32Array.from({ length: rows * inner }, (_, index) => Math.sin(index));
  const right = Float32Array.from({ length: inner * columns }, (_, index) => Math.cos(3 * index));
  const product = tf.matMul(tf.tensor2d(left, [rows, inner]), tf.tensor2d(right, [inner, columns])).dataSync();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let expected = 0;
      for (let at = 0; at < inner; at++) expected += left[row * inner + at]! * right[at * columns + column]!;
      check(`matMul at [${row}, ${column}]`, product[row * columns + column]!, expected);
    }
  }
}

/** d/dx sum(x^3) = 3 x^2 */
function gradientOfCube(length: number): void {
  const x = Float32Array.from({ length }, (_, index) => index / 2 - 1);
  const gradient = tf.grad((x) => tf.sum(tf.mul(x, tf.square(x))))(tf.tensor1d(x)).dataSync();
  for (let index = 0; index < length; index++) check(`gradient at ${index}`, gradient[index]!, 3 * x[index]! ** 2);
}

/** float32 sums of 41 products of numbers below 1: errors stay below 41 * 2^-24 * 41. */
function check(what: string, actual: number, expected: number): void {
  if (Math.abs(actual - expected) <= 1e-4) return;
  throw new Error(`self-test: ${what}: expected ${expected}, got ${actual}`);
}
