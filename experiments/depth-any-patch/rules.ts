import type { Rule } from "../rules.ts";
import type { Unit } from "../unit.ts";
import type { Config } from "./config.ts";

/** What is claimed of an error of the flexible model, in the unit of its panel. */
type Bounds = {
  panel: number;
  error: string;
  unit: Unit;
  /** How much larger than a fixed model's it may be at that model's own size. */
  behind: number;
  /** How much smaller than each fixed model's it is to be at twice and half that model's size. */
  ahead: number;
  /** How much smaller it is to be at the finest than at the coarsest size. */
  finer: number;
};

/** One flexible model serves every patch size for depths and for normals, and finer patches are better; the worst case of each seed counts. */
export function rulesOf(config: Config): Rule[] {
  return [
    ...rulesOfError(config, { panel: 0, error: "RMSE of depth", unit: "m", behind: 0.03, ahead: 0.05, finer: 0.05 }),
    ...rulesOfError(config, { panel: 1, error: "mean angle of normals", unit: "°", behind: 1, ahead: 2, finer: 2 }),
  ];
}

function rulesOfError({ patchSizes, fixedPatchSizes }: Config, { panel, error, unit, behind, ahead, finer }: Bounds): Rule[] {
  const space = unit === "°" ? "" : " ";
  const away = fixedPatchSizes.flatMap((size) => [2, 0.5].map((factor) => ({ size, tick: String(factor * Number(size)) }))).filter(({ tick }) => patchSizes.includes(tick));
  const [coarsest, finest] = [patchSizes[0], patchSizes.at(-1)!];
  return [
    {
      claim: `The flexible model's ${error} is at most ${behind}${space}${unit} above each fixed one's at that model's own size`,
      points: (at) => Math.max(...fixedPatchSizes.map((size) => at("flexible", size, panel) - at(`fixed ${size}`, size, panel))),
      unit,
      atMost: behind,
    },
    {
      claim: `It is at least ${ahead}${space}${unit} below each fixed one's at twice and half that size`,
      points: (at) => Math.min(...away.map(({ size, tick }) => at(`fixed ${size}`, tick, panel) - at("flexible", tick, panel))),
      unit,
      atLeast: ahead,
    },
    {
      claim: `It is at least ${finer}${space}${unit} smaller at ${finest} px than at ${coarsest} px`,
      points: (at) => at("flexible", coarsest, panel) - at("flexible", finest, panel),
      unit,
      atLeast: finer,
    },
  ];
}
