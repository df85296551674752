/**
 * What rank 0 measured: milliseconds of each step, by the clock and of the processor, of its waiting for the gradients'
 * sums, and of such sums alone.
 */
export type Times = { stepMs: number[]; cpuMs: number[]; waitMs: number[]; bytes: number; sumMs: number[]; engine: string };

/** The same work per rank on one rank and on several. */
export type Scaling = { variant: string; pictures: number; ranks: number; one: Times; several: Times };

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

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
  return table(head, rows);
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
 * under way: 0 as it is now, the backward pass (two thirds) at best.
 */
export function projectedEfficiency(stepMs: number, bytes: number, gigabits: number, ranks: number, overlap: number): number {
  const sumMs = (1000 * ((2 * (ranks - 1)) / ranks) * 8 * bytes) / (gigabits * 1e9);
  return stepMs / (stepMs + Math.max(0, sumMs - overlap * stepMs));
}

/** Projected efficiency at 2, 8 and 64 machines from the processor time of a step, which other work does not stretch: without overlap and, in brackets, with the best there could be. */
export function projectionTable(all: readonly Scaling[]): string {
  const counts = [2, 8, 64];
  const rows = all.flatMap(({ variant, pictures, one }) =>
    links.map(([gigabits, name]) => {
      const at = (ranks: number, overlap: number) => percent(projectedEfficiency(median(one.cpuMs), one.bytes, gigabits, ranks, overlap));
      return [`ViT-${variant}/16, ${pictures}`, name, ...counts.map((ranks) => `${at(ranks, 0)} (${at(ranks, 2 / 3)})`)];
    }),
  );
  return table(["model, pictures per rank", "link", ...counts.map((ranks) => `${ranks} machines`)], rows);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
