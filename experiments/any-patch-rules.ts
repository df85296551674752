import type { Rule } from "./rules.ts";

/** What is claimed of a flexible model, in points of the first panel. */
export type AnyPatchBounds = {
  /** The quantity, in a sentence. */
  quantity: string;
  /** How far behind a fixed model it may be at that model's own size. */
  behind: number;
  /** How far ahead of each it is to be at the next coarser and the next finer size. */
  ahead: number;
};

/** The flexible model is level with each fixed one at that one's own size and far above it at the neighbouring sizes, on the worst case of each seed. */
export function anyPatchRules({ patchSizes, fixedPatchSizes }: { patchSizes: string[]; fixedPatchSizes: string[] }, { quantity, behind, ahead }: AnyPatchBounds): Rule[] {
  const away = fixedPatchSizes.flatMap((size) => [-1, 1].map((step) => ({ size, tick: patchSizes[patchSizes.indexOf(size) + step] }))).filter(({ tick }) => tick !== undefined);
  return [
    {
      claim: `The flexible model is within ${behind} points of ${quantity} of each fixed one at that model's own size`,
      points: (at) => Math.min(...fixedPatchSizes.map((size) => at("flexible", size) - at(`fixed ${size}`, size))),
      atLeast: -behind,
    },
    {
      claim: `It is at least ${ahead} points above each fixed one at the next coarser and the next finer size`,
      points: (at) => Math.min(...away.map(({ size, tick }) => at("flexible", tick) - at(`fixed ${size}`, tick))),
      atLeast: ahead,
    },
  ];
}
