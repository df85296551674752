import type { Rule } from "../rules.ts";
import type { Config } from "./config.ts";

/** What the paper's ablation shows, as bounds: PI-resize keeps the model where patches grow, and rivals lose. */
export function rulesOf({ trainedAt, scaledPatchSizes }: Config): Rule[] {
  const own = Number(trainedAt);
  const nearest = (wanted: number): string => scaledPatchSizes.toSorted((a, b) => Math.abs(Number(a) - wanted) - Math.abs(Number(b) - wanted))[0];
  const [double, half] = [nearest(2 * own), nearest(own / 2)];
  const antialias = 1; // the panel; 0 is the one without
  return [
    {
      claim: `Where patches grow (${double} px), PI-resize is within 1 point of the model's own size`,
      points: (at) => at("PI", double) - at("PI", trainedAt),
      atLeast: -1,
    },
    {
      claim: `There it is at least 1 point above bilinear and norm, the better of the two`,
      points: (at) => at("PI", double) - Math.max(at("bilinear", double), at("norm", double)),
      atLeast: 1,
    },
    {
      claim: `Where patches shrink (${half} px), PI-resize with antialias is at least 1 point above PI-resize without`,
      points: (at) => at("PI", half, antialias) - at("PI", half),
      atLeast: 1,
    },
    {
      claim: `There the better of PI-resize with antialias, with and without covariance, is no more than half a point below any rival`,
      points: (at) => Math.max(at("PI", half, antialias), at("PI, covariance", half, antialias)) - Math.max(...["bilinear", "norm", "area"].flatMap((rival) => [at(rival, half), at(rival, half, antialias)])),
      atLeast: -0.5,
    },
  ];
}
