/**
 * A draw from Beta(a, b) as X / (X + Y) of two gamma draws.
 *
 * The gamma draws stay in logarithms: for small a and b both of them underflow to 0.
 */
export function drawBeta(a: number, b: number, uniform: () => number, normal: () => number): number {
  if (!(a > 0 && b > 0 && a < Infinity && b < Infinity)) {
    throw new Error(
      `beta(a, b): expected two finite numbers above 0, got ${a} and ${b}. Skip the draw where mixing is off.`,
    );
  }
  const logX = logGamma(a, uniform, normal);
  const logY = logGamma(b, uniform, normal);
  return 1 / (1 + Math.exp(logY - logX));
}

/**
 * The logarithm of a draw from Gamma(shape, 1).
 *
 * Source: G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", 2000,
 * with the exact acceptance test only; below 1, Gamma(shape) = Gamma(shape + 1) * U^(1 / shape).
 */
function logGamma(shape: number, uniform: () => number, normal: () => number): number {
  // 1 - uniform() lies in (0, 1], so the logarithms are finite.
  if (shape < 1) return logGamma(shape + 1, uniform, normal) + Math.log(1 - uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return Math.log(d * v);
    }
  }
}
