import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { attention } from "./index.ts";

const [batch, queries, keys, dim, heads] = [2, 5, 7, 6, 3];
const normal = (seed: number, tokens: number) => tf.randomNormal<tf.Rank.R3>([batch, tokens, dim], 0, 1, "float32", seed);
const inputs = (): [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D] => [normal(1, queries), normal(2, keys), normal(3, keys)];

test("a query of zeros takes the mean of the values", () => {
  const [, key, value] = inputs();
  const y = attention(tf.zeros([batch, queries, dim]), key, value, { heads });
  expectClose(y, tf.tile(tf.mean(value, 1, true), [1, queries, 1]), { relative: 1e-6 });
});

test("scores of 1000 neither overflow nor blur: the best key's value comes out", () => {
  const one = tf.tensor3d([1e3, 0, -1e3], [1, 3, 1]);
  const y = attention(tf.tensor3d([1, -1], [1, 2, 1]), one, tf.tensor3d([5, 6, 7], [1, 3, 1]), { heads: 1 });
  expectClose(y, tf.tensor3d([5, 7], [1, 2, 1]), { relative: 1e-6 });
});

test("agrees with float64 for 1, 2, 3 and 6 heads, to 1e-6", () => {
  for (const heads of [1, 2, 3, 6]) expectClose(attention(...inputs(), { heads }), float64(inputs(), heads), { relative: 1e-6 });
});

test("agrees with float64 on 70 keys and 65 queries of 2 heads of 32, where blocks of a kernel end unevenly", () => {
  const random = (seed: number, tokens: number) => tf.randomNormal<tf.Rank.R3>([3, tokens, 64], 0, 1, "float32", seed);
  const large: [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D] = [random(4, 65), random(5, 70), random(6, 70)];
  expectClose(attention(...large, { heads: 2 }), float64(large, 2), { relative: 3e-6 });
});

test("a mask of -1e9 on the last two keys equals attention without them", () => {
  const [query, key, value] = inputs();
  const mask = tf.concat([tf.zeros([keys - 2]), tf.mul(tf.ones([2]), -1e9)]);
  const short = [key, value].map((x) => tf.slice(x, [0, 0, 0], [-1, keys - 2, -1])) as [tf.Tensor3D, tf.Tensor3D];
  expectClose(attention(query, key, value, { heads, mask }), attention(query, ...short, { heads }), { relative: 1e-6 });
});

test("gradients agree with finite differences, with and without a mask", () => {
  const mask = tf.randomNormal([batch, 1, queries, keys], 0, 1, "float32", 7);
  const run = (mask?: tf.Tensor) => (q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D) => attention(q, k, v, { heads, mask });
  checkGradient(run(), inputs());
  checkGradient(run(mask), inputs());
});

test("heads that do not divide dim, masks and values of another length are refused", () => {
  expect(() => attention(...inputs(), { heads: 4 })).toThrow(
    "attention(heads): expected a divisor of dim 6, got 4. Choose a number of heads that divides dim.",
  );
  const [query, key] = inputs();
  expect(() => attention(...inputs(), { heads, mask: tf.zeros([queries, queries]) })).toThrow(
    "attention(mask): expected axes that broadcast to [batch, heads, queries, keys] = [2, 3, 5, 7], got shape [5, 5]. Give each axis its length or 1.",
  );
  expect(() => attention(query, key, query, { heads })).toThrow(
    "attention(value): expected axes [batch=2, keys=7, dim=6], got shape [2, 5, 6]. Axis 1 must have length 7.",
  );
});

test("nothing leaks, forward or backward", () => {
  const qkv = inputs();
  const run = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => attention(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, { heads });
  expectNoLeak(() => run(...qkv));
  expectNoLeak(() => tf.grads((q, k, v) => run(q!, k!, v!))(qkv));
});

function float64([query, key, value]: tf.Tensor3D[], heads: number) {
  const [b, n, dim] = query!.shape;
  const m = key!.shape[1];
  const [q, k, v] = [query, key, value].map((x) => Array.from(x!.dataSync()));
  const headDim = dim / heads;
  const data = q!.map((_, flat) => {
    const [i, t, c] = [Math.floor(flat / (n * dim)), Math.floor(flat / dim) % n, flat % dim];
    const start = c - (c % headDim);
    const scores = Array.from({ length: m }, (_, s) => {
      let dot = 0;
      for (let e = start; e < start + headDim; e++) dot += q![(i * n + t) * dim + e]! * k![(i * m + s) * dim + e]!;
      return dot / Math.sqrt(headDim);
    });
    const largest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.reduce((sum, w, s) => sum + (w / total) * v![(i * m + s) * dim + c]!, 0);
  });
  return { shape: [b, n, dim], data };
}
