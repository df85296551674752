import { anyPatchRules } from "../any-patch-rules.ts";
import type { Rule } from "../rules.ts";
import type { Config } from "./config.ts";

/** One flexible segmenter serves every patch size, and fine patches draw finer edges. */
export function rulesOf(config: Config): Rule[] {
  const { patchSizes } = config;
  const [coarsest, finest] = [patchSizes[0], patchSizes.at(-1)!];
  return [
    ...anyPatchRules(config, { quantity: "mean IoU", behind: 5, ahead: 5 }),
    {
      claim: `The flexible segmenter's mean IoU is at least 5 points higher at ${finest} px than at ${coarsest} px`,
      points: (at) => at("flexible", finest) - at("flexible", coarsest),
      atLeast: 5,
    },
  ];
}
