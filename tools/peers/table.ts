import type { Duel } from "./sides.ts";
import type { Measurement } from "./spec.ts";

/** A row of a comparison: what was measured, and both sides. */
export type Compared = { name: string; duel: Duel };

/**
 * The comparison as a Markdown table: medians over all steps of all processes.
 *
 * `speed` is PyTorch's time over ours (above 1: we are faster), `memory` ours over PyTorch's (below 1: we need less).
 * Several patch sizes count alike: the mean over them of each one's median.
 */
export function comparisonTable(rows: readonly Compared[]): string {
  const cells = rows.map(({ name, duel: { flexivit, pytorch } }) => {
    const [ours, theirs] = [flexivit, pytorch].map(summary) as [Summary, Summary];
    const times = [ms(ours.milliseconds), ms(theirs.milliseconds), ratio(theirs.milliseconds, ours.milliseconds)];
    const processor = [ms(ours.processorMilliseconds), ms(theirs.processorMilliseconds)];
    const memory = [gigabytes(ours.peak), gigabytes(theirs.peak), ratio(ours.peak, theirs.peak)];
    return [name, ...times, ...processor, ...memory];
  });
  const head = ["", "flexivit", "PyTorch", "speed", "processor time", "PyTorch's", "peak memory", "PyTorch's", "memory"];
  return markdownTable(head, cells);
}

export type Summary = { milliseconds: number; processorMilliseconds: number; peak: number };

/** Time and memory of one side. */
export function summary(side: readonly Measurement[]): Summary {
  const steps = side.flatMap(({ steps }) => steps);
  const sizes = [...new Set(steps.map(({ patchSize }) => patchSize))];
  const over = (cost: "milliseconds" | "processorMilliseconds") =>
    mean(sizes.map((size) => median(steps.filter(({ patchSize }) => patchSize === size).map((step) => step[cost]))));
  return {
    milliseconds: over("milliseconds"),
    processorMilliseconds: over("processorMilliseconds"),
    peak: median(side.map(({ peakMemoryBytes }) => peakMemoryBytes)),
  };
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("median(values): expected at least one value, got none. Run at least one round and one repeat.");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The interval that holds the median of what the values were drawn from in at least 95 of 100 cases, whatever their
 * distribution: from the k-th smallest to the k-th largest, k the largest with P(Binomial(n, 1/2) < k) <= 2.5 %.
 *
 * @throws for fewer than 6 values, which can't say as much.
 */
export function medianInterval(values: readonly number[]): [number, number] {
  const count = values.length;
  if (count < 6) throw new Error(`medianInterval(values): expected at least 6 values, got ${count}. Measure more pairs.`);
  const sorted = values.toSorted((a, b) => a - b);
  let [k, probability, below] = [0, 0.5 ** count, 0.5 ** count];
  while (below <= 0.025) {
    k++;
    probability *= (count - k + 1) / k;
    below += probability;
  }
  return [sorted[k - 1]!, sorted[count - k]!];
}

/** A row of costs in pairs: name, count, both medians, the overhead of the first over the second and its interval. */
export function overheadRow(name: string, pairs: readonly (readonly [cost: number, base: number])[]): string[] {
  const ratios = pairs.map(([cost, base]) => cost / base);
  const [low, high] = medianInterval(ratios).map(percent);
  const both = ([0, 1] as const).map((side) => ms(median(pairs.map((pair) => pair[side]))));
  return [name, String(pairs.length), ...both, percent(median(ratios)), `${low} to ${high}`];
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

/** How far a ratio is from 1, in percent. */
function percent(ratio: number): string {
  const value = (ratio - 1) * 100;
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(1)} %`;
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

export function ratio(above: number, below: number): string {
  return `${(above / below).toFixed(2)}x`;
}
