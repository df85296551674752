import { mean } from "../panel.ts";
import type { Lookup, Rule } from "../rules.ts";
import { mixedName, type Config } from "./config.ts";

/** The patent allows images of different sizes in a step; neither it nor the paper measures what that brings. */
export function rulesOf({ patchSizes, mixedSizesPx, evaluatedSizesPx, training: { imageSizePx } }: Config): Rule[] {
  const lead = (at: Lookup, sizePx: number): number => mean(patchSizes.map((_, panel) => at(mixedName, String(sizePx), panel) - at("one size", String(sizePx), panel)));
  const others = mixedSizesPx.filter((size) => size !== imageSizePx);
  const unseen = evaluatedSizesPx.filter((size) => !mixedSizesPx.includes(size));
  return [
    {
      claim: `At ${imageSizePx} px, which both see, the mixed model is within 2 points of the other`,
      points: (at) => lead(at, imageSizePx),
      atLeast: -2,
    },
    {
      claim: `At ${others.join(" and ")} px, which only the mixed model sees, it is at least 3 points better at each`,
      points: (at) => Math.min(...others.map((size) => lead(at, size))),
      atLeast: 3,
    },
    ...unseen.map((size): Rule => ({
      claim: `At ${size} px, which neither sees, it is at least 3 points better`,
      points: (at) => lead(at, size),
      atLeast: 3,
    })),
  ];
}
