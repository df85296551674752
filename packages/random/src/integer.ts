import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** An integer in [0, below), unbiased: 2^32 values in `below` buckets of one size, the rest is drawn again. */
export function drawInteger(generator: RandomGenerator, below: number): number {
  if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
    throw new Error(`integer(below): expected an integer in 1..2^32, got ${below}. Pass how many values there are.`);
  }
  const bucketSize = Math.floor(2 ** 32 / below);
  let value = below;
  while (value >= below) value = Math.floor((generator.next() >>> 0) / bucketSize);
  return value;
}
