import { textTable, type AccuracyLine, type Cell } from "@flexivit/run-log";
import type { Guess } from "./compare.ts";
import type { Config } from "./config.ts";

/** Accuracy in percent: a row per model, a column per patch size. */
export function accuracyCells({ patchSizes }: Config, lines: readonly AccuracyLine[]): { columns: string[]; rows: Cell[][] } {
  const columns = ["accuracy (%) at patch size", ...patchSizes];
  const rows = lines.map(({ name, points }) => [name, ...points.map(({ accuracy }) => (100 * accuracy).toFixed(1))]);
  return { columns, rows };
}

/** What each picture is, and what the flexible model takes it for at each patch size. */
export function guessCells({ patchSizes }: Config, guesses: readonly Guess[]): { columns: string[]; rows: Cell[][] } {
  const columns = ["test picture", ...patchSizes.map((size) => `at patch size ${size}`)];
  const rows = guesses.map(({ truth, guesses }) => [truth, ...guesses.map(({ name, probability }) => `${name === truth ? "✓" : "✗"} ${name} ${Math.round(100 * probability)} %`)]);
  return { columns, rows };
}

export const asText = ({ columns, rows }: { columns: string[]; rows: Cell[][] }): string => textTable(columns, rows);

export function asMarkdown({ columns, rows }: { columns: string[]; rows: Cell[][] }): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
