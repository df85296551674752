import { sha256 } from "@noble/hashes/sha2.js";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { drawBeta } from "./beta.ts";
import { drawInteger } from "./integer.ts";
import { normals } from "./normal.ts";

/** A reproducible sequence of draws. Two streams of the same seed and path give the same sequence. */
export type RandomStream = {
  /** A number in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** An integer in [0, below), every one equally likely; `below` is 1..2^32. */
  integer(below: number): number;
  /** A draw from the normal distribution of mean 0 and standard deviation 1. */
  normal(): number;
  /** A draw in [0, 1] from Beta(a, b); a and b above 0. */
  beta(a: number, b: number): number;
  /** The integers 0..n-1 in random order, every order equally likely. */
  permutation(n: number): Uint32Array;
  /** Fills `out` with `mean + std * normal()` in order. */
  fillNormal(out: Float32Array, mean?: number, std?: number): void;
  /** Fills `out` with `from + (to - from) * uniform()` in order. */
  fillUniform(out: Float32Array, from?: number, to?: number): void;
};

/**
 * The stream of draws that belongs to a seed and a path, such as `random(7, "patch-size", step)`.
 *
 * Streams of different seeds or paths are independent: the generator (xoroshiro128+) starts from
 * SHA-256 of both. So no draw depends on how many draws came before it elsewhere, and whatever is
 * drawn at step 1000 is drawn again there after a resume.
 *
 * @param seed a safe integer
 * @param path what the draws are for; strings and safe integers, and `1` is not `"1"`
 * @throws where the seed or a number of the path is not a safe integer
 */
export function random(seed: number, ...path: readonly (string | number)[]): RandomStream {
  const generator = xoroshiro128plusFromState(stateOf(seed, path));
  const uniform = (): number => uniform53(generator);
  const integer = (below: number): number => drawInteger(generator, below);
  const normal = normals(generator);
  return {
    uniform,
    integer,
    normal,
    beta: (a, b) => drawBeta(a, b, uniform, normal),
    permutation(n) {
      const order = new Uint32Array(n);
      // Fisher-Yates, inside out: position i takes a random earlier entry, which makes room for i.
      for (let i = 1; i < n; i++) {
        const j = integer(i + 1);
        order[i] = order[j];
        order[j] = i;
      }
      return order;
    },
    fillNormal(out, mean = 0, std = 1) {
      for (let i = 0; i < out.length; i++) out[i] = mean + std * normal();
    },
    fillUniform(out, from = 0, to = 1) {
      for (let i = 0; i < out.length; i++) out[i] = from + (to - from) * uniform();
    },
  };
}

function stateOf(seed: number, path: readonly (string | number)[]): number[] {
  for (const [index, part] of [seed, ...path].entries()) {
    if (typeof part === "number" && !Number.isSafeInteger(part)) {
      const argument = index === 0 ? "seed" : `path[${index - 1}]`;
      throw new Error(`random(${argument}): expected a safe integer, got ${part}. Round it or pass it as a string.`);
    }
  }
  // JSON separates the parts and keeps 1 and "1" apart, so no two paths share a text.
  const digest = sha256(new TextEncoder().encode(JSON.stringify([seed, ...path])));
  const words = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return [0, 4, 8, 12].map((offset) => words.getInt32(offset, true));
}

function uniform53(generator: RandomGenerator): number {
  // The lowest bits of xoroshiro128+ are its weakest: of each 32 bits take the upper ones.
  return (generator.next() >>> 6) * 2 ** -26 + (generator.next() >>> 5) * 2 ** -53;
}
