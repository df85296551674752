import { mean } from "../panel.ts";
import type { Lookup, Rule } from "../rules.ts";
import { overlapName, type Config } from "./config.ts";

/** The patent lists these embedders and overlap as equivalents of the linear one: all of them are to work, none is said to win. */
export function rulesOf({ patchSizes, tokens, embedders }: Config): Rule[] {
  const over = (at: Lookup, line: string): number => mean(patchSizes.map((size) => at(line, size)));
  const rivals = Object.keys(embedders).filter((name) => name !== "linear");
  return [
    ...rivals.map((name): Rule => ({
      claim: `"${name}" is no more than 2 points below linear, on average over the sizes`,
      points: (at) => over(at, name) - over(at, "linear"),
      atLeast: -2,
    })),
    {
      claim: "At equal numbers of tokens, overlapping larger patches are at least 0.5 points better than smaller patches side by side",
      points: (at) => mean(tokens.map((count) => at(overlapName, count, 1) - at("linear, side by side", count, 1))),
      atLeast: 0.5,
    },
  ];
}
