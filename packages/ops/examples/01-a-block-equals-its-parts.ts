/** A transformer block from four calls, and the gradient of one of its weights checked by moving that weight. */
import { useEngine } from "@flexivit/engine";
import { attention, layerNorm, linear, mlp, residual } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const [tokens, dim, hiddenDim, heads] = [5, 8, 16, 2];
const normal = <R extends tf.Rank>(seed: number, ...shape: tf.ShapeMap[R]) => tf.randomNormal<R>(shape, 0, 0.5, "float32", seed);
const [scale, bias] = [tf.ones<tf.Rank.R1>([dim]), tf.zeros<tf.Rank.R1>([dim])];
const [query, key, value, output] = [1, 2, 3, 4].map((seed) => normal<tf.Rank.R2>(seed, dim, dim)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
const perceptron = {
  hidden: { kernel: normal<tf.Rank.R2>(5, dim, hiddenDim), bias: tf.zeros<tf.Rank.R1>([hiddenDim]) },
  output: { kernel: normal<tf.Rank.R2>(6, hiddenDim, dim), bias },
};

function block(x: tf.Tensor3D, query: tf.Tensor2D): tf.Tensor3D {
  const n = layerNorm(x, scale, bias, 1e-6);
  x = residual(x, linear(attention(linear(n, query), linear(n, key), linear(n, value), { heads }), output));
  return residual(x, mlp(perceptron, layerNorm(x, scale, bias, 1e-6), "tanh"));
}

const x = normal<tf.Rank.R3>(7, 1, tokens, dim);
const loss = (query: tf.Tensor) => tf.mean<tf.Scalar>(tf.square(block(x, query as tf.Tensor2D)));
const slope = tf.grad(loss)(query).dataSync()[0]!;

const step = 1e-2;
const moved = (by: number) => tf.add(query, tf.pad(tf.tensor2d([[by]]), [[0, dim - 1], [0, dim - 1]]));
const difference = (loss(moved(step)).dataSync()[0]! - loss(moved(-step)).dataSync()[0]!) / (2 * step);
console.log(`slope of the loss along one query weight: ${slope.toFixed(5)} by the closed form, ${difference.toFixed(5)} by moving it`);
if (Math.abs(slope - difference) > 1e-3) process.exitCode = 1;
