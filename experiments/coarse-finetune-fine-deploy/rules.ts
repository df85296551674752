import type { Rule } from "../rules.ts";
import type { Config } from "./config.ts";

/** What the paper's section on transfer shows, as bounds on the accuracy at a finer size than that of the fine-tuning. */
export function rulesOf({ coarse, patchSizes }: Config): Rule[] {
  const finer = patchSizes.slice(patchSizes.indexOf(coarse) + 1);
  const half = finer.toSorted((a, b) => Math.abs(Number(a) - Number(coarse) / 2) - Math.abs(Number(b) - Number(coarse) / 2))[0];
  const fixed = `fixed ${coarse}`;
  return [
    {
      claim: `Fine-tuned at ${coarse} px, the flexible model gains at ${half} px`,
      points: (at) => at("flexible", half) - at("flexible", coarse),
      atLeast: 0,
    },
    {
      claim: `At every finer size it is at least 10 points above the fixed model`,
      points: (at) => Math.min(...finer.map((size) => at("flexible", size) - at(fixed, size))),
      atLeast: 10,
    },
    {
      claim: `At ${coarse} px itself it is within 2 points of the fixed model`,
      points: (at) => at("flexible", coarse) - at(fixed, coarse),
      atLeast: -2,
    },
  ];
}
