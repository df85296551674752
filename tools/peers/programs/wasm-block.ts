// Milliseconds of one transformer block on WebAssembly, forward and with its gradients, made of our blocks on our engine
// or of TensorFlow.js's operations on its own backend. Prints JSON.
// wasm-block.ts ours|plain <repeats>
import { useEngine } from "@flexivit/engine";
import { attention, layerNorm, linear, mlp, residual } from "@flexivit/ops";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";

const [batch, tokens, dim, heads] = [2, 225, 192, 3]; // ViT-Ti/16 at 240 px
const [which, repeats = "5"] = process.argv.slice(2);
if (which === "ours") await useEngine({ prefer: "wasm" });
else await startPlain();

const matrix = (rows: number, columns: number, seed: number) => tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 0.05, "float32", seed);
const x = tf.randomNormal<tf.Rank.R3>([batch, tokens, dim], 0, 1, "float32", 1);
const [one, zero, zeroUp] = [tf.ones<tf.Rank.R1>([dim]), tf.zeros<tf.Rank.R1>([dim]), tf.zeros<tf.Rank.R1>([4 * dim])];
const [query, key, value, output] = [2, 3, 4, 5].map((seed) => matrix(dim, dim, seed)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
const [up, down] = [matrix(dim, 4 * dim, 6), matrix(4 * dim, dim, 7)];
const inputs = [x, one, zero, query, key, value, output, up, zeroUp, down];

const block = which === "ours" ? ourBlock : plainBlock;
const forwardMs = timed(() => block().dispose());
const gradientMs = timed(() => {
  const { value, grads } = tf.engine().gradients(() => tf.mean<tf.Scalar>(tf.square(block())), inputs, undefined, true);
  tf.dispose([value, grads]);
});
const mean = tf.tidy(() => tf.mean(tf.square(block())).dataSync()[0]);
console.log(JSON.stringify({ forwardMs, gradientMs, mean }));

function ourBlock(): tf.Tensor {
  return tf.tidy(() => {
    const n = layerNorm(x, one, zero, 1e-6);
    const mixed = attention(linear(n, query, zero), linear(n, key, zero), linear(n, value, zero), { heads });
    const y = residual(x, linear(mixed, output, zero));
    const perceptron = { hidden: { kernel: up, bias: zeroUp }, output: { kernel: down, bias: zero } };
    return residual(y, mlp(perceptron, layerNorm(y, one, zero, 1e-6), "tanh"));
  });
}

function plainBlock(): tf.Tensor {
  const dense = (a: tf.Tensor, kernel: tf.Tensor2D, bias: tf.Tensor1D) =>
    tf.reshape(tf.add(tf.matMul(tf.reshape(a, [batch * tokens, -1]), kernel), bias), [batch, tokens, -1]);
  const norm = (a: tf.Tensor) => {
    const { mean, variance } = tf.moments(a, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(a, mean), tf.rsqrt(tf.add(variance, 1e-6))), one), zero);
  };
  const split = (a: tf.Tensor) => tf.transpose(tf.reshape(a, [batch, tokens, heads, dim / heads]), [0, 2, 1, 3]);
  const gelu = (a: tf.Tensor) =>
    tf.mul(tf.mul(a, 0.5), tf.add(tf.tanh(tf.mul(tf.add(a, tf.mul(tf.pow(a, 3), 0.044715)), Math.sqrt(2 / Math.PI))), 1));
  return tf.tidy(() => {
    const n = norm(x);
    const [q, k, v] = [query, key, value].map((kernel) => split(dense(n, kernel, zero))) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const weights = tf.softmax(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(dim / heads)));
    const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [batch, tokens, dim]);
    const y = tf.add(x, dense(mixed, output, zero));
    return tf.add(y, dense(gelu(dense(norm(y), up, zeroUp)), down, zero));
  });
}

/** The median after one warm-up. */
function timed(run: () => void): number {
  const times = Array.from({ length: Number(repeats) + 1 }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  }).slice(1);
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

async function startPlain(): Promise<void> {
  const require = createRequire(import.meta.url);
  setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  require("@tensorflow/tfjs"); // the gradients
  await tf.setBackend("wasm");
}
