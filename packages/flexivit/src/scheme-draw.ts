import { readFileSync } from "node:fs";
import { categorical, costEqualised, gaussian, linear, parseDistribution, type SchemeDistribution } from "@flexivit/patch-schemes";
import type { VitConfig } from "@flexivit/vit";
import type { TrainFlags } from "./commands/train-flags.ts";

/** Flags that a file of schemes replaces. */
const replaced = { patchSize: "--patch-size", patchSizes: "--patch-sizes", patchWeights: "--patch-weights", draw: "--draw" } as const;

/**
 * The distribution in the file of `--schemes`.
 *
 * @throws where the file cannot be read, says something else, or flags say how to draw too.
 */
export function readDraw(flags: TrainFlags): SchemeDistribution {
  const both = Object.entries(replaced).find(([name]) => flags[name as keyof typeof replaced] !== undefined);
  if (both) throw new Error(`train(--schemes): expected sizes and draws from the file alone, got ${both[1]} too. Leave out one of the two.`);
  const file = flags.schemes!;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`train(--schemes): expected a JSON file of a distribution, got ${(error as NodeJS.ErrnoException).code} at ${file}. Check the path.`, { cause: error });
  }
  return parseDistribution(text);
}

/** What `drawOf` must know beside the flags. */
type Sizes = { patchSizes: readonly string[]; imageSizePx: number; vit: VitConfig };

/**
 * How the flags draw patch sizes; nothing where all are alike.
 *
 * @throws where a kind lacks its numbers, or numbers lack their kind.
 */
export function drawOf(flags: TrainFlags, { patchSizes, imageSizePx, vit }: Sizes): SchemeDistribution | undefined {
  const { draw = flags.patchWeights ? "categorical" : "uniform", patchWeights, drawCentre, drawStd, remainder } = flags;
  refuseForeign(draw, flags);
  switch (draw) {
    case "uniform":
      return undefined;
    case "categorical":
      return categorical(patchSizes, patchWeights ?? missing(draw, "--patch-weights"));
    case "gaussian":
      return gaussian(patchSizes, { centrePx: drawCentre ?? missing(draw, "--draw-centre"), stdPx: drawStd ?? missing(draw, "--draw-std") });
    case "linear": {
      const [weightAtSmallest, weightAtLargest] = patchWeights?.length === 2 ? patchWeights : missing(draw, "--patch-weights smallest,largest");
      return linear(patchSizes, { weightAtSmallest, weightAtLargest });
    }
    case "cost-equalised":
      return costEqualised(patchSizes, imageSizePx, vit, remainder);
  }
}

/** Which flags belong to which kinds. */
const numbersOf = { patchWeights: ["categorical", "linear"], drawCentre: ["gaussian"], drawStd: ["gaussian"] } as const;

function refuseForeign(draw: NonNullable<TrainFlags["draw"]>, flags: TrainFlags): void {
  for (const [name, kinds] of Object.entries(numbersOf) as [keyof typeof numbersOf, readonly string[]][]) {
    if (flags[name] === undefined || kinds.includes(draw)) continue;
    const flag = `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new Error(`train(${flag}): expected --draw ${kinds.join(" or ")} with it, got ${draw}. Leave out one of the two.`);
  }
}

function missing(draw: string, flag: string): never {
  throw new Error(`train(--draw): expected ${flag} with ${draw}, got none. Give it, or draw all sizes alike without --draw.`);
}
