import { mean, type Panel, type Table } from "./panel.ts";

/** Finds a value of one seed, in percent. */
export type Lookup = (line: string, tick: string, panel?: number) => number;

/** A claim that was written down before the run, and what would refute it. */
export type Rule = {
  /** One sentence with the bound in it. */
  claim: string;
  /** What it measures on one seed, in percentage points; models of a seed are compared with each other only. */
  points: (at: Lookup) => number;
  /** The claim holds where the mean over the seeds is at least this. */
  atLeast: number;
};

export type Verdict = { claim: string; perSeed: number[]; mean: number; atLeast: number; holds: boolean };

/** Decides every rule on the panels of all seeds. */
export function judge(rules: readonly Rule[], seeds: readonly Panel[][]): Verdict[] {
  return rules.map(({ claim, points, atLeast }) => {
    const perSeed = seeds.map((panels) => points(lookup(panels)));
    return { claim, perSeed, mean: mean(perSeed), atLeast, holds: mean(perSeed) >= atLeast };
  });
}

function lookup(panels: readonly Panel[]): Lookup {
  return (name, tick, panel = 0) => {
    const { lines, ticks } = panels[panel];
    const value = lines.find((line) => line.name === name)?.values[ticks.indexOf(tick)];
    if (value === undefined) throw new Error(`judge(rules): expected a value of "${name}" at "${tick}", got none. Correct the rule.`);
    return 100 * value;
  };
}

export function verdictTable(verdicts: readonly Verdict[]): Table {
  const signed = (points: number): string => `${points < 0 ? "-" : "+"}${Math.abs(points).toFixed(1)}`;
  const rows = verdicts.map(({ claim, perSeed, mean, atLeast, holds }) => [
    claim,
    perSeed.map(signed).join(", "),
    `${signed(mean)} (at least ${signed(atLeast)})`,
    holds ? "holds" : "does not hold",
  ]);
  return { columns: ["claim, decided before the run", "points per seed", "mean", "verdict"], rows };
}
