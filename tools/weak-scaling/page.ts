import { cpus, totalmem, type } from "node:os";
import { overlapTable, projectionTable, scalingTable, type Scaling, type Turns } from "./table.ts";

/** What was asked for and found. */
export type Measured = {
  ranks: string;
  pictures: string;
  steps: string;
  rounds: string;
  /** Cores that other programs took before. */
  taken: number;
  scalings: readonly Scaling[];
  turns: readonly Turns[];
};

/** The page docs/weak-scaling.md. */
export function page(measured: Measured): string {
  return ["# Training on several ranks: weak scaling", heading(measured), scaling(measured), overlap(measured), projection(measured)].join("\n\n");
}

function heading({ rounds, steps, taken, scalings }: Measured): string {
  const flags = process.argv.slice(2);
  const command = ["npm run weak-scaling", ...(flags.length > 0 ? ["--", ...flags] : [])].join(" ");
  const machine = `${cpus()[0]?.model}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()}; other programs took ${taken.toFixed(1)} cores before`;
  return `\`${command}\` wrote this page on ${new Date().toISOString().slice(0, 10)}.
${machine}; ${scalings[0]?.one.engine}, Node ${process.versions.node}.

Every rank has one thread and the same number of pictures of 240 px, so twice the ranks do twice the work; perfect is the same time per step.
Medians over ${rounds} rounds in alternation, ${steps} steps each after two of warm-up; AdamW, float32, 1000 classes.`;
}

function scaling({ scalings }: Measured): string {
  return `${scalingTable(scalings)}

Waiting for sums includes waiting for the slower rank; the sum alone is begun on all ranks at once. Both ranks are on one
machine, so they also share its memory bandwidth and whatever else runs there: where others took cores before, read the
processor time (user and system, waiting ranks included) instead of the clock.`;
}

function overlap({ ranks, pictures, turns }: Measured): string {
  return `## Sums during the backward pass, and after it

${ranks} ranks of one thread, ${pictures} pictures each. Every other step leaves its sums until the backward pass is over; a pair is two
steps that follow each other in one job.

${overlapTable(turns)}

A link is the loopback interface of a network of its own, through which Open MPI talks by TCP, held to twice the rate since
both ways share its queue (\`tc\`, token bucket). The system's work at both ends is done by the cores that train, which on two
machines would be four.`;
}

function projection({ scalings }: Measured): string {
  return `## Projection to more machines

From the processor time of one rank's step above and the bytes of its gradients: a ring sends \`2 (n - 1) / n\` times the gradients over each
link. Efficiency with the sums after the backward pass; in brackets what sums all along that pass, two thirds of a step, give
at best. More pictures per rank make the step longer and the sum no larger.

${projectionTable(scalings)}

How sums go on during the backward pass: [decision 12](decisions/0012-training-on-several-ranks.md).
`;
}
