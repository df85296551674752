import { attention, layerNorm, linear, mlp, residual } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Cells } from "./cells.ts";
import type { AttentionParams, DecoderBlockParams, DecoderParams, NormParams } from "./detector-params.ts";

/**
 * Learned queries after they have looked at the cells, block by block: at each other, at the cells, then a perceptron.
 *
 * Every query has a place in the image; queries and cells are compared with their places added to them, as waves
 * that depend on the place alone and not on the grid.
 *
 * @returns [batch, queries, dim]
 * Source: the decoder of DETR, arXiv 2005.12872, with norms before the branches; learned places as in arXiv 2109.07107.
 */
export function decodeQueries(params: DecoderParams, heads: number, { tokens, centres }: Cells): tf.Tensor3D {
  const [batch, , dim] = tokens.shape;
  const [queries] = params.content.shape;
  const placeOf = (places: tf.Tensor2D) => linear(waves(places, dim), params.position.kernel, params.position.bias);
  const queryPlace = placeOf(tf.sigmoid(params.reference));
  const keys = tf.add(tokens, placeOf(centres)) as tf.Tensor3D;
  const start = tf.mul(tf.ones([batch, 1, 1]), tf.reshape(params.content, [1, queries, dim])) as tf.Tensor3D;
  const x = params.blocks.reduce((x, block) => decoderBlock(block, heads, x, queryPlace, keys, tokens), start);
  return norm(params.norm, x);
}

function decoderBlock(params: DecoderBlockParams, heads: number, x: tf.Tensor3D, place: tf.Tensor2D, keys: tf.Tensor3D, values: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const alone = norm(params.selfNorm, x);
    const placed = tf.add(alone, place) as tf.Tensor3D;
    const among = residual(x, projectedAttention(params.selfAttention, heads, placed, placed, alone));
    const looking = tf.add(norm(params.crossNorm, among), place) as tf.Tensor3D;
    const seen = residual(among, projectedAttention(params.crossAttention, heads, looking, keys, values));
    return residual(seen, mlp(params.mlp, norm(params.mlpNorm, seen), "erf"));
  });
}

function projectedAttention(params: AttentionParams, heads: number, query: tf.Tensor3D, key: tf.Tensor3D, value: tf.Tensor3D): tf.Tensor3D {
  const [q, k, v] = ([[query, params.query], [key, params.key], [value, params.value]] as const).map(([x, { kernel, bias }]) => linear(x, kernel, bias));
  return linear(attention(q, k, v, { heads }), params.output.kernel, params.output.bias);
}

const norm = ({ scale, bias }: NormParams, x: tf.Tensor3D): tf.Tensor3D => layerNorm(x, scale, bias, 1e-6);

/** Half waves over the image of the slowest and the fastest frequency: 1 and 32, so places 1/32 apart differ most. */
const [slowest, fastest] = [1, 32];

/** [places, dim]: sine and cosine of x, then of y, at dim / 4 frequencies in equal ratios. */
function waves(places: tf.Tensor2D, dim: number): tf.Tensor2D {
  const quarter = dim / 4;
  const frequencies = Array.from({ length: quarter }, (_, k) => Math.PI * slowest * (fastest / slowest) ** (k / (quarter - 1)));
  const phases = tf.split(places, 2, 1).map((coordinate) => tf.mul(coordinate, tf.tensor2d([frequencies])));
  return tf.concat(phases.flatMap((phase) => [tf.sin(phase), tf.cos(phase)]), 1) as tf.Tensor2D;
}
