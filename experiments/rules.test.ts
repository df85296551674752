import { expect, it } from "vitest";
import type { Panel } from "./panel.ts";
import { judge, verdictTable, type Rule } from "./rules.ts";

const seed = (a: number, b: number): Panel[] => [
  { title: "t", axis: "px", ticks: ["12"], lines: [{ name: "a", values: [0] }] },
  { title: "u", axis: "px", ticks: ["12", "6"], lines: [{ name: "a", values: [0, a] }, { name: "b", values: [0, b] }] },
];
const lead = (atLeast: number): Rule => ({ claim: "a leads b", points: (at) => at("a", "6", 1) - at("b", "6", 1), atLeast });

it("a claim is decided by the mean of the seeds' own differences: 2 and -1 points give 0.5", () => {
  const seeds = [seed(0.82, 0.8), seed(0.6, 0.61)];
  const [holds, not] = judge([lead(0.4), lead(0.6)], seeds);
  expect(holds.perSeed.map((points) => points.toFixed(6))).toEqual(["2.000000", "-1.000000"]);
  expect(holds.mean).toBeCloseTo(0.5, 9);
  expect([holds.holds, not.holds]).toEqual([true, false]);
  expect(verdictTable([holds, not]).rows).toEqual([
    ["a leads b", "+2.0, -1.0", "+0.5 (at least +0.4)", "holds"],
    ["a leads b", "+2.0, -1.0", "+0.5 (at least +0.6)", "does not hold"],
  ]);
});

it("a rule that names what was not measured is refused", () => {
  const rule: Rule = { claim: "c", points: (at) => at("c", "6", 1), atLeast: 0 };
  expect(() => judge([rule], [seed(1, 1)])).toThrow(new Error('judge(rules): expected a value of "c" at "6", got none. Correct the rule.'));
});

it("an error holds a claim where it is at most the bound, in its own unit: 0.1 and 0.3 m give 0.2 m", () => {
  const seeds = [0.1, 0.3].map((value): Panel[] => [{ title: "t", unit: "m", axis: "px", ticks: ["6"], lines: [{ name: "a", values: [value] }] }]);
  const rule = (atMost: number): Rule => ({ claim: "c", points: (at) => at("a", "6"), unit: "m", atMost });
  const verdicts = judge([rule(0.25), rule(0.15)], seeds);
  expect(verdicts.map(({ holds }) => holds)).toEqual([true, false]);
  expect(verdictTable(verdicts)).toEqual({
    columns: ["claim, decided before the run", "measured per seed, in points unless a unit is given", "mean", "verdict"],
    rows: [
      ["c", "+0.100 m, +0.300 m", "+0.200 m (at most +0.250 m)", "holds"],
      ["c", "+0.100 m, +0.300 m", "+0.200 m (at most +0.150 m)", "does not hold"],
    ],
  });
});
