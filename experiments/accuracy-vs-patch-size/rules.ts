import type { Rule } from "../rules.ts";
import type { Config } from "./config.ts";

/** What the paper's figure 3 shows, as bounds on the flexible model's lead. */
export function rulesOf({ patchSizes, fixedPatchSizes }: Config): Rule[] {
  const away = fixedPatchSizes.flatMap((size) => [2, 0.5].map((factor) => ({ size, tick: String(factor * Number(size)) }))).filter(({ tick }) => patchSizes.includes(tick));
  return [
    {
      claim: "The flexible model is within 3 points of each fixed one at that model's own size",
      points: (at) => Math.min(...fixedPatchSizes.map((size) => at("flexible", size) - at(`fixed ${size}`, size))),
      atLeast: -3,
    },
    {
      claim: "It is at least 10 points above each fixed one at twice and half that size",
      points: (at) => Math.min(...away.map(({ size, tick }) => at("flexible", tick) - at(`fixed ${size}`, tick))),
      atLeast: 10,
    },
  ];
}
