import { mean } from "../panel.ts";
import type { Lookup, Rule } from "../rules.ts";
import { orders, type Config } from "./config.ts";

/** Whether any order beats uniform draws at the same compute; the paper uses uniform draws and names no better ones. */
export function rulesOf({ patchSizes }: Config): Rule[] {
  const over = (at: Lookup, line: string): number => mean(patchSizes.map((size) => at(line, size)));
  return orders.slice(1).map((order) => ({
    claim: `"${order}" is at least 0.5 points better than uniform, on average over the sizes`,
    points: (at) => over(at, order) - over(at, "uniform"),
    atLeast: 0.5,
  }));
}
