import { markdownTable, median, overheadRow } from "../peers/table.ts";

/**
 * What rank 0 measured: milliseconds of each step, by the clock and of the processor, of its waiting for the gradients'
 * sums, and of such sums alone.
 */
export type Times = { stepMs: number[]; cpuMs: number[]; waitMs: number[]; bytes: number; sumMs: number[]; engine: string };

/** The same work per rank on one rank and on several. */
export type Scaling = { variant: string; pictures: number; ranks: number; one: Times; several: Times };

/** The step of one rank beside that of several, and the one over the other: 100 % is perfect. */
export function scalingTable(all: readonly Scaling[]): string {
  const rows = all.map(({ variant, pictures, ranks, one, several }) => {
    const [alone, together] = [median(one.stepMs), median(several.stepMs)];
    const [cpuAlone, cpuTogether] = [median(one.cpuMs), median(several.cpuMs)];
    const byClock = [alone.toFixed(0), together.toFixed(0), percent(alone / together)];
    const cells = [`ViT-${variant}/16`, pictures, ranks, ...byClock, cpuAlone.toFixed(0), cpuTogether.toFixed(0), percent(cpuAlone / cpuTogether)];
    return [...cells, (several.bytes / 1e6).toFixed(0), median(several.waitMs).toFixed(0), median(several.sumMs).toFixed(0)];
  });
  const head = ["model", "pictures per rank", "ranks", "step on one rank, ms", "step on all, ms", "efficiency", "processor time on one rank, ms", "per rank on all, ms", "efficiency", "gradients, MB", "of the step, waiting for sums, ms", "sum alone, ms"];
  return markdownTable(head, rows.map((cells) => cells.map(String)));
}

/** Steps that took turns on ranks over one link: with sums during the backward pass, and after it. */
export type Turns = { link: string; stepMs: readonly number[] };

/** Both kinds of steps over each link, and how much longer the first ones take; below zero they are shorter. */
export function overlapTable(all: readonly Turns[]): string {
  const rows = all.map(({ link, stepMs }) => overheadRow(link, pairsOf(stepMs)));
  return markdownTable(["link", "pairs", "step, sums during the backward pass", "sums after it", "difference", "95 % interval of its median"], rows);
}

/** [1, 2, 3, 4] is [[1, 2], [3, 4]]. */
function pairsOf(steps: readonly number[]): [number, number][] {
  return Array.from({ length: Math.floor(steps.length / 2) }, (_, i) => [steps[2 * i], steps[2 * i + 1]]);
}

/** Gigabits per second and what has such a link. */
const links: readonly [gigabits: number, name: string][] = [
  [1, "1 Gb/s Ethernet"],
  [10, "10 Gb/s Ethernet"],
  [25, "25 Gb/s Ethernet"],
  [200, "200 Gb/s InfiniBand"],
];

/**
 * Efficiency of `ranks` machines from the step of one rank and the size of the gradients: a ring sends
 * `2 (ranks - 1) / ranks` times the gradients over each link. `overlap` is the part of the step during which sums may be
 * under way: 0 where they begin after the backward pass, that pass (two thirds) where they begin with it.
 */
export function projectedEfficiency(stepMs: number, bytes: number, gigabits: number, ranks: number, overlap: number): number {
  const sumMs = (1000 * ((2 * (ranks - 1)) / ranks) * 8 * bytes) / (gigabits * 1e9);
  return stepMs / (stepMs + Math.max(0, sumMs - overlap * stepMs));
}

/** Projected efficiency at 2, 8 and 64 machines from the processor time of a step, which other work does not stretch: sums after the backward pass and, in brackets, all along it. */
export function projectionTable(all: readonly Scaling[]): string {
  const counts = [2, 8, 64];
  const rows = all.flatMap(({ variant, pictures, one }) =>
    links.map(([gigabits, name]) => {
      const at = (ranks: number, overlap: number) => percent(projectedEfficiency(median(one.cpuMs), one.bytes, gigabits, ranks, overlap));
      return [`ViT-${variant}/16, ${pictures}`, name, ...counts.map((ranks) => `${at(ranks, 0)} (${at(ranks, 2 / 3)})`)];
    }),
  );
  return markdownTable(["model, pictures per rank", "link", ...counts.map((ranks) => `${ranks} machines`)], rows);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
