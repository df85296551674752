import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable, type Save } from "./differentiable.ts";
import { fused } from "./fused.ts";

export type AttentionOptions = {
  heads: number;
  /**
   * Added to the scores before the softmax, broadcast to `[batch, heads, queries, keys]`: 0 where a query may look,
   * a large negative number (-1e9) where it may not. It is a constant: no gradient flows to it.
   */
  mask?: tf.Tensor;
};

/**
 * Multi-head softmax attention: per head `softmax(query key' / sqrt(headDim) + mask) value`.
 *
 * The heads are consecutive slices of the last axis: dim = heads * headDim.
 *
 * @param query `[batch, queries, dim]`
 * @param key `[batch, keys, dim]`
 * @param value `[batch, keys, dim]`
 * @returns `[batch, queries, dim]`
 * @throws where the axes do not fit or dim is not a multiple of heads
 * Source: Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.2.
 */
export function attention(query: tf.Tensor3D, key: tf.Tensor3D, value: tf.Tensor3D, options: AttentionOptions): tf.Tensor3D {
  const { heads, mask } = options;
  checkAttention(query, key, value, options);
  return differentiable(
    [query, key, value],
    (save) => forwardFused(query, key, value, heads, mask, save) ?? forward(query, key, value, heads, mask, save),
    (dy, saved) => (saved.length === 6 ? backwardFused(dy, saved, heads) : backward(dy, saved as tf.Tensor3D[], heads)),
  );
}

function forward(query: tf.Tensor3D, key: tf.Tensor3D, value: tf.Tensor3D, heads: number, mask: tf.Tensor | undefined, save: Save) {
  const q = splitHeads(query, heads);
  const scores = tf.mul(tf.matMul(q, splitHeads(key, heads), false, true), scoreScale(query, heads));
  const weights = tf.softmax(mask ? tf.add(scores, mask) : scores);
  save([query, key, value, weights]);
  return joinHeads(tf.matMul(weights, splitHeads(value, heads)) as tf.Tensor4D);
}

/** With `w` the weights: `dw = dy value'`, `ds = w (dw - rowsum(w dw))`, `dquery = ds key / sqrt(headDim)`. */
function backward(dy: tf.Tensor3D, [query, key, value, weights]: tf.Tensor[], heads: number): tf.Tensor[] {
  const [q, k, v, g] = [query, key, value, dy].map((x) => splitHeads(x as tf.Tensor3D, heads)) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const weighted = tf.mul(tf.matMul(g, v, false, true), weights!);
  const dScores = tf.sub(weighted, tf.mul(weights!, tf.sum(weighted, -1, true)));
  const dScaled = tf.mul(dScores, scoreScale(dy, heads));
  return [
    joinHeads(tf.matMul(dScaled, k) as tf.Tensor4D),
    joinHeads(tf.matMul(dScaled, q, true, false) as tf.Tensor4D),
    joinHeads(tf.matMul(weights!, g, true, false) as tf.Tensor4D),
  ];
}

/** The kernel keeps one number per query and head (the logarithm of the softmax denominator) instead of the weights. */
function forwardFused(query: tf.Tensor3D, key: tf.Tensor3D, value: tf.Tensor3D, heads: number, mask: tf.Tensor | undefined, save: Save) {
  const maskOrEmpty = mask ? withRank4(mask) : tf.zeros([0]);
  const outputs = fused("FlexivitAttention", { query, key, value, mask: maskOrEmpty }, { heads });
  if (!outputs) return undefined;
  const [y, logSumExp] = outputs;
  save([query, key, value, maskOrEmpty, y!, logSumExp!]);
  return y as tf.Tensor3D;
}

function backwardFused(dy: tf.Tensor3D, saved: tf.Tensor[], heads: number): tf.Tensor[] {
  const [query, key, value, mask, y, logSumExp] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return fused("FlexivitAttentionGrad", { dy, query, key, value, mask, y, logSumExp }, { heads })!;
}

function withRank4(mask: tf.Tensor): tf.Tensor4D {
  return tf.reshape(mask, [...Array<number>(4 - mask.rank).fill(1), ...mask.shape] as [number, number, number, number]);
}

function scoreScale(x: tf.Tensor3D, heads: number): number {
  return 1 / Math.sqrt(x.shape[2] / heads);
}

/** `[batch, tokens, dim]` to `[batch, heads, tokens, headDim]`. */
function splitHeads(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [batch, tokens, dim] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, dim / heads]), [0, 2, 1, 3]);
}

function joinHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [batch, heads, tokens, headDim] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * headDim]);
}

function checkAttention(query: tf.Tensor3D, key: tf.Tensor3D, value: tf.Tensor3D, { heads, mask }: AttentionOptions): void {
  const { batch, queries, dim } = axes(query, "attention(query)", "batch queries dim");
  const { keys } = axes(key, "attention(key)", "batch keys dim", { batch, dim });
  axes(value, "attention(value)", "batch keys dim", { batch, keys, dim });
  if (!(Number.isInteger(heads) && heads > 0 && dim % heads === 0))
    throw new Error(`attention(heads): expected a divisor of dim ${dim}, got ${heads}. Choose a number of heads that divides dim.`);
  const scores = [batch, heads, queries, keys];
  if (mask && !(mask.rank <= 4 && mask.shape.every((length, axis) => length === 1 || length === scores[axis + 4 - mask.rank])))
    throw new Error(
      `attention(mask): expected axes that broadcast to [batch, heads, queries, keys] = [${scores.join(", ")}], got shape [${mask.shape.join(", ")}]. ` +
        "Give each axis its length or 1.",
    );
}
