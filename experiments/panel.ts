import type { AccuracyLine, Cell } from "@flexivit/run-log";
import { digitsOf, inUnit, titled, type Unit } from "./unit.ts";

/** What one seed measured: a line per model and a value per tick. Each panel becomes a table and a figure. */
export type Panel = {
  title: string;
  /** What is shown; accuracy unless given. */
  quantity?: string;
  /** Its unit; shares, shown in percent, unless given. */
  unit?: Unit;
  /** What the ticks are, with their unit. */
  axis: string;
  ticks: string[];
  lines: PanelLine[];
};

export type PanelLine = {
  name: string;
  /** One per tick, in the unit, shares as fractions from 0 to 1; NaN where there is none. */
  values: number[];
  /** The tick at which the model was trained, where there is one: a ring in the figure. */
  trainedAt?: string;
  /** Drawn bold. */
  bold?: boolean;
};

export type Table = { columns: string[]; rows: Cell[][] };

/** The same panel of all seeds as lines of means, with the lowest and the highest value where there are several seeds. */
export function meanLines(seeds: readonly Panel[]): AccuracyLine[] {
  const [{ lines, ticks }] = seeds;
  return lines.map(({ name, trainedAt = "", bold = false }, line) => ({
    name,
    trainedAt,
    bold,
    points: ticks.flatMap((patchSize, tick) => {
      const values = seeds.map((panel) => panel.lines[line].values[tick]);
      if (values.some(Number.isNaN)) return [];
      return [{ patchSize, accuracy: mean(values), ...(values.length > 1 ? { low: Math.min(...values), high: Math.max(...values) } : {}) }];
    }),
  }));
}

/** Figures in their unit, a row per line and a column per tick; with several seeds the standard deviation behind the mean. */
export function panelTable(seeds: readonly Panel[]): Table {
  const [{ lines, ticks, axis, quantity = "accuracy", unit = "%" }] = seeds;
  const rows = lines.map(({ name }, line) => [name, ...ticks.map((_, tick) => meanText(seeds.map((panel) => inUnit(panel.lines[line].values[tick], unit)), unit))]);
  const [what] = axis.split(/ ?[(,;]/); // without unit and remarks
  return { columns: [`${titled(quantity, unit)} at ${what}`, ...ticks], rows };
}

function meanText(values: readonly number[], unit: Unit): string {
  if (values.some(Number.isNaN)) return "";
  const centre = digitsOf(mean(values), unit);
  return values.length > 1 ? `${centre} ± ${digitsOf(deviation(values), unit)}` : centre;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample: over n - 1. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
