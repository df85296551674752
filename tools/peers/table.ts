export type Mode = "forward" | "train";

/** What one process measured: after one warm-up, the milliseconds of each repeat, and its own peak memory. */
export type Measurement = { mode: Mode; milliseconds: number[]; peakMemoryBytes: number };

/** The processes of both sides for one mode, in the order of their runs. */
export type Duel = { mode: Mode; flexivit: Measurement[]; pytorch: Measurement[] };

/**
 * The comparison as a Markdown table: medians over all repeats of all processes.
 *
 * `speed` is PyTorch's time over ours (above 1: we are faster), `memory` ours over PyTorch's (below 1: we need less).
 */
export function comparisonTable(duels: readonly Duel[]): string {
  const rows = duels.map(({ mode, flexivit, pytorch }) => {
    const [ourTime, theirTime] = [flexivit, pytorch].map((side) => median(side.flatMap(({ milliseconds }) => milliseconds)));
    const [ourPeak, theirPeak] = [flexivit, pytorch].map((side) => median(side.map(({ peakMemoryBytes }) => peakMemoryBytes)));
    const cells = [mode, ms(ourTime), ms(theirTime), ratio(theirTime, ourTime), gigabytes(ourPeak), gigabytes(theirPeak), ratio(ourPeak, theirPeak)];
    return `| ${cells.join(" | ")} |`;
  });
  const head = "| mode | flexivit | PyTorch | speed | flexivit peak | PyTorch peak | memory |";
  return [head, "|---|---|---|---|---|---|---|", ...rows].join("\n");
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("median(values): expected at least one value, got none. Run at least one round and one repeat.");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function ms(value = NaN): string {
  return `${value.toFixed(0)} ms`;
}

function gigabytes(bytes = NaN): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function ratio(above = NaN, below = NaN): string {
  return `${(above / below).toFixed(2)}x`;
}
