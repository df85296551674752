import * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";
import type { VitParams } from "./params.ts";

/** The tokens of an encoded batch by what they stand for. */
export type SplitTokens = { tokens: tf.Tensor3D; classToken?: tf.Tensor2D; prefix?: tf.Tensor3D };

/** Tokens before and after those of the patches: the class token first or last, registers before the patches. */
export function prefixLengths({ classToken, registers }: VitConfig): { before: number; after: number } {
  return { before: registers + (classToken?.at === "first" ? 1 : 0), after: classToken?.at === "last" ? 1 : 0 };
}

/**
 * Joins what every image has to the tokens of its patches: class token first or last, then registers, then patches.
 *
 * @param patches [batch, patches, dim]
 * @returns [batch, tokens, dim]; `patches` itself where the model has nothing else
 */
export function withPrefix(params: VitParams, config: VitConfig, patches: tf.Tensor3D): tf.Tensor3D {
  const [batch, , dim] = patches.shape;
  const forAll = (rows: tf.Tensor2D): tf.Tensor3D => tf.broadcastTo(tf.expandDims(rows, 0), [batch, rows.shape[0], dim]);
  const classToken = config.classToken ? [forAll(classTokenOf(params, config.classToken.value, dim))] : [];
  const registers = params.registers ? [forAll(params.registers)] : [];
  const [first, last] = config.classToken?.at === "last" ? [[], classToken] : [classToken, []];
  const parts = [...first, ...registers, patches, ...last];
  return parts.length === 1 ? patches : tf.concat(parts, 1);
}

/** [1, dim]: the class token before the first block. */
function classTokenOf({ classToken, classTokenPosition }: VitParams, value: "learned" | "zeros" | "ones", dim: number): tf.Tensor2D {
  const content = classToken ?? (value === "zeros" ? tf.zeros([1, dim]) : tf.ones([1, dim]));
  return classTokenPosition ? tf.add(content, classTokenPosition) : content;
}

/**
 * The tokens of the patches, the class token and all tokens of no patch (class token, then registers).
 *
 * @param encoded [batch, tokens, dim], in the order of {@link withPrefix}
 */
export function splitPrefix(config: VitConfig, encoded: tf.Tensor3D): SplitTokens {
  const [batch, length, dim] = encoded.shape;
  const { before, after } = prefixLengths(config);
  if (before + after === 0) return { tokens: encoded };
  const part = (from: number, count: number): tf.Tensor3D => tf.slice(encoded, [0, from, 0], [batch, count, dim]);
  const tokens = part(before, length - before - after);
  const ahead = part(0, before);
  if (config.classToken === undefined) return { tokens, prefix: ahead };
  const own = after === 1 ? part(length - 1, 1) : part(0, 1);
  const prefix = after === 0 ? ahead : before === 0 ? own : tf.concat([own, ahead], 1);
  return { tokens, prefix, classToken: tf.reshape(own, [batch, dim]) };
}
