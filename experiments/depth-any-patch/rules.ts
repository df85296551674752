import type { Lookup, Rule } from "../rules.ts";
import type { Unit } from "../unit.ts";
import { equalName, takesMore, type Config } from "./config.ts";

/** What is claimed of an error of the flexible model, in the unit of its panel. */
type Bounds = {
  panel: number;
  error: string;
  unit: Unit;
  /** How much larger than a fixed model's it may be at that model's own size. */
  behind: number;
  /** The same for the flexible model of no more steps. Chosen late: after the fixed models' figures and a trial of one seed. */
  equalBehind: number;
  /** How much smaller than each fixed model's it is to be at twice and half that model's size. */
  ahead: number;
  /** How much smaller it is to be at the finest than at the coarsest size. */
  finer: number;
};

/** One flexible model serves every patch size for depths and for normals, and finer patches are better; the worst case of each seed counts. */
export function rulesOf(config: Config): Rule[] {
  return [
    ...rulesOfError(config, { panel: 0, error: "RMSE of depth", unit: "m", behind: 0.03, equalBehind: 0.05, ahead: 0.05, finer: 0.05 }),
    ...rulesOfError(config, { panel: 1, error: "mean angle of normals", unit: "°", behind: 1, equalBehind: 2, ahead: 2, finer: 2 }),
  ];
}

function rulesOfError(config: Config, { panel, error, unit, behind, equalBehind, ahead, finer }: Bounds): Rule[] {
  const { patchSizes, fixedPatchSizes } = config;
  const space = unit === "°" ? "" : " ";
  const away = fixedPatchSizes.flatMap((size) => [2, 0.5].map((factor) => ({ size, tick: String(factor * Number(size)) }))).filter(({ tick }) => patchSizes.includes(tick));
  const [coarsest, finest] = [patchSizes[0], patchSizes.at(-1)!];
  const above = (at: Lookup, line: string): number => Math.max(...fixedPatchSizes.map((size) => at(line, size, panel) - at(`fixed ${size}`, size, panel)));
  const equal: Rule = { claim: `With no more steps than each fixed one it is at most ${equalBehind}${space}${unit} above them at their own sizes (bound set after the fixed models and a trial were seen)`, points: (at) => above(at, equalName), unit, atMost: equalBehind };
  return [
    {
      claim: `The flexible model's ${error} is at most ${behind}${space}${unit} above each fixed one's at that model's own size`,
      points: (at) => above(at, "flexible"),
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
    ...(takesMore(config) ? [equal] : []),
  ];
}
