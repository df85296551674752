import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/**
 * A source of standard normal draws by Marsaglia's polar method, which is exact.
 *
 * A uniform point (x, y) in the unit disc with s = x^2 + y^2 gives two independent draws,
 * x * sqrt(-2 ln(s) / s) and y * sqrt(-2 ln(s) / s); the second one is kept for the next call.
 *
 * Source: G. Marsaglia, T. A. Bray, "A convenient method for generating normal variables", 1964.
 */
export function normals(generator: RandomGenerator): () => number {
  let spare = 0;
  let hasSpare = false;
  return () => {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    let x = 0;
    let y = 0;
    let s = 0;
    while (s === 0 || s >= 1) {
      // 32 signed bits to [-1, 1): finer than any float32 draw needs, at half the cost of uniform().
      x = generator.next() * 2 ** -31;
      y = generator.next() * 2 ** -31;
      s = x * x + y * y;
    }
    const scale = Math.sqrt((-2 * Math.log(s)) / s);
    spare = y * scale;
    hasSpare = true;
    return x * scale;
  };
}
