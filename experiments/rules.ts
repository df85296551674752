import { mean, type Panel, type Table } from "./panel.ts";
import { digitsOf, inUnit, type Unit } from "./unit.ts";

/** Finds a value of one seed in the unit of its panel: shares in percent, lengths in metres. */
export type Lookup = (line: string, tick: string, panel?: number) => number;

/** A claim that was written down before the run, and what would refute it. */
export type Rule = {
  /** One sentence with the bound in it. */
  claim: string;
  /** What it measures on one seed, in percentage points unless `unit` says otherwise; models of a seed are compared with each other only. */
  points: (at: Lookup) => number;
  unit?: Unit;
} & (
  | { /** The claim holds where the mean over the seeds is at least this. */ atLeast: number }
  | { /** The claim holds where the mean over the seeds is at most this, as for errors. */ atMost: number }
);

export type Verdict = { claim: string; perSeed: number[]; mean: number; unit?: Unit; atLeast?: number; atMost?: number; holds: boolean };

/** Decides every rule on the panels of all seeds. */
export function judge(rules: readonly Rule[], seeds: readonly Panel[][]): Verdict[] {
  return rules.map(({ points, ...rule }) => {
    const perSeed = seeds.map((panels) => points(lookup(panels)));
    const centre = mean(perSeed);
    const holds = "atLeast" in rule ? centre >= rule.atLeast : centre <= rule.atMost;
    return { ...rule, perSeed, mean: centre, holds };
  });
}

function lookup(panels: readonly Panel[]): Lookup {
  return (name, tick, panel = 0) => {
    const { lines, ticks, unit = "%" } = panels[panel];
    const value = lines.find((line) => line.name === name)?.values[ticks.indexOf(tick)];
    if (value === undefined) throw new Error(`judge(rules): expected a value of "${name}" at "${tick}", got none. Correct the rule.`);
    return inUnit(value, unit);
  };
}

export function verdictTable(verdicts: readonly Verdict[]): Table {
  const rows = verdicts.map(({ claim, perSeed, mean, unit = "%", atLeast, atMost, holds }) => {
    const bound = atLeast === undefined ? `at most ${signed(atMost!, unit)}` : `at least ${signed(atLeast, unit)}`;
    return [claim, perSeed.map((points) => signed(points, unit)).join(", "), `${signed(mean, unit)} (${bound})`, holds ? "holds" : "does not hold"];
  });
  const measured = verdicts.some(({ unit = "%" }) => unit !== "%") ? "measured per seed, in points unless a unit is given" : "points per seed";
  return { columns: ["claim, decided before the run", measured, "mean", "verdict"], rows };
}

function signed(value: number, unit: Unit): string {
  const behind = { "%": "", "": "", m: " m", "°": "°" }[unit];
  return `${value < 0 ? "-" : "+"}${digitsOf(Math.abs(value), unit)}${behind}`;
}
