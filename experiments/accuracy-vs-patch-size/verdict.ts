import type { AccuracyLine } from "@flexivit/run-log";

/** The experiment's two figures, in percentage points. */
export type Verdict = {
  /** Largest lead of a fixed model over the flexible one, at the fixed model's own size. */
  worstGap: number;
  /** Smallest lead of the flexible model over a fixed one at twice or half the fixed model's size. */
  leastLead: number;
};

/** Compares the flexible model, the first line, with each fixed model at its own size and at twice and half of it. */
export function verdictOf([flexible, ...fixed]: readonly AccuracyLine[]): Verdict {
  const accuracy = ({ points }: AccuracyLine, size: number): number | undefined => points.find(({ patchSize }) => Number(patchSize) === size)?.accuracy;
  const lead = (line: AccuracyLine, factor: number): number[] => {
    const size = Number(line.trainedAt) * factor;
    const [ours, theirs] = [accuracy(flexible, size), accuracy(line, size)];
    return ours === undefined || theirs === undefined ? [] : [100 * (ours - theirs)];
  };
  return {
    worstGap: Math.max(...fixed.flatMap((line) => lead(line, 1)).map((points) => -points)),
    leastLead: Math.min(...fixed.flatMap((line) => [...lead(line, 2), ...lead(line, 0.5)])),
  };
}

/** The verdict as one sentence. */
export function verdictText({ worstGap, leastLead }: Verdict): string {
  const own = worstGap <= 0 ? `ahead of every fixed model by at least ${(-worstGap).toFixed(1)} points` : `within ${worstGap.toFixed(1)} points of every fixed model`;
  const lead = Number.isFinite(leastLead) ? `, and at least ${leastLead.toFixed(1)} points above them at twice or half that size` : "";
  return `The flexible model is ${own} at that model's own size${lead}.`;
}
