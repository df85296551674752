import { anyPatchRules } from "../any-patch-rules.ts";
import type { Rule } from "../rules.ts";
import type { Config } from "./config.ts";

/** One flexible detector serves every patch size, and fine patches are what small objects need. */
export function rulesOf(config: Config): Rule[] {
  const { patchSizes } = config;
  const [coarsest, finest] = [patchSizes[0], patchSizes.at(-1)!];
  return [
    ...anyPatchRules(config, { quantity: "box AP", behind: 4, ahead: 3 }),
    {
      claim: `The flexible detector's box AP of small objects is at least 3 points higher at ${finest} px than at ${coarsest} px`,
      points: (at) => at("flexible", finest, 2) - at("flexible", coarsest, 2),
      atLeast: 3,
    },
  ];
}
