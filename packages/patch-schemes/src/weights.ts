import type { Place } from "./place.ts";

/**
 * Refuses weights that are no proportions.
 *
 * @param weights any scale; absent: all alike.
 * @param count how many there must be.
 * @param noun what each weighs: "scheme", "distribution".
 * @throws where their number is another, one is negative or not finite, or their sum is 0 or not finite.
 */
export function checkWeights(weights: readonly number[] | undefined, count: number, noun: string, place: Place): void {
  if (!weights) return;
  if (weights.length !== count) {
    throw new Error(
      `${place("weights")}: expected ${count} weights, one per ${noun}, got ${weights.length}. Leave weights out to draw all ${noun}s alike.`,
    );
  }
  const wrong = weights.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (wrong >= 0) {
    throw new Error(
      `${place("weights")}: expected finite weights of at least 0, got ${weights[wrong]} at ${wrong}. A weight of 0 leaves a ${noun} out.`,
    );
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0 && total < Infinity)) {
    throw new Error(
      `${place("weights")}: expected weights with a finite sum above 0, got a sum of ${total}. Give one ${noun} a weight of 1.`,
    );
  }
}
