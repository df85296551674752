// Times training steps on one rank and on two of one thread each, with equal work per rank, and writes docs/weak-scaling.md.
// npm run weak-scaling -- [--variants S] [--pictures 8] [--steps 8] [--rounds 3] [--ranks 2]
import { writeFileSync } from "node:fs";
import { cpus, totalmem, type } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { coresTaken } from "../cores-taken.ts";
import { type Finished, runTypeScript } from "../run-program.ts";
import { root } from "../workspace.ts";
import { projectionTable, scalingTable, type Scaling, type Times } from "./table.ts";

const { values } = parseArgs({
  options: {
    variants: { type: "string", default: "S" },
    pictures: { type: "string", default: "8" },
    steps: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    ranks: { type: "string", default: "2" },
  },
});
const taken = await coresTaken();
if (taken > 0.2) console.log(`Other programs take ${taken.toFixed(1)} cores: two ranks suffer more from that than one.`);
const found: Scaling[] = [];
for (const variant of values.variants.split(",")) found.push(await scaling(variant));
report();

/** One rank, several, and again. */
async function scaling(variant: string): Promise<Scaling> {
  const [pictures, ranks] = [Number(values.pictures), Number(values.ranks)];
  const one: Times[] = [];
  const several: Times[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    one.push(await measured(variant, 1));
    several.push(await measured(variant, ranks));
    console.log(`ViT-${variant}, round ${round} of ${values.rounds}: ${[one, several].map((side) => side.at(-1)?.stepMs.map(Math.round).join(" ")).join("  |  ")} ms`);
  }
  return { variant, pictures, ranks, one: joined(one), several: joined(several) };
}

/** The times of `ranks` ranks, started through this package's launcher. */
async function measured(variant: string, ranks: number): Promise<Times> {
  const rank = join(root, "tools/weak-scaling/rank.ts");
  const args = [variant, values.pictures, values.steps];
  const command = JSON.stringify([process.execPath, "--conditions=@flexivit/source", rank, ...args]);
  const launch = `const { launchRanks } = await import("@flexivit/parallel"); process.exitCode = await launchRanks(${ranks}, ${command});`;
  return timesOf(ranks === 1 ? await runTypeScript([rank, ...args]) : await runTypeScript(["--input-type=module", "-e", launch], { timeoutMs: 3_600_000 }), ranks);
}

function timesOf({ code, stdout, output }: Finished, ranks: number): Times {
  if (code !== 0) throw new Error(`measured(${ranks}): expected times, the process ended with code ${code}:\n${output}`);
  return JSON.parse(stdout.slice(stdout.indexOf("{"), stdout.lastIndexOf("}") + 1)) as Times;
}

function joined(rounds: readonly Times[]): Times {
  const all = (name: "stepMs" | "cpuMs" | "waitMs" | "sumMs"): number[] => rounds.flatMap((round) => round[name]);
  return { ...rounds[0], stepMs: all("stepMs"), cpuMs: all("cpuMs"), waitMs: all("waitMs"), sumMs: all("sumMs") };
}

function report(): void {
  const machine = `${cpus()[0]?.model}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()}; other programs took ${taken.toFixed(1)} cores before`;
  const lines = [
    "# Training on several ranks: weak scaling",
    "",
    `\`${["npm run weak-scaling", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" ")}\` wrote this page on ${new Date().toISOString().slice(0, 10)}.`,
    `${machine}; ${found[0]?.one.engine}, Node ${process.versions.node}.`,
    "",
    "Every rank has one thread and the same number of pictures of 240 px, so twice the ranks do twice the work; perfect is the same time per step.",
    `Medians over ${values.rounds} rounds in alternation, ${values.steps} steps each after two of warm-up; AdamW, float32, 1000 classes.`,
    "",
    scalingTable(found),
    "",
    "Waiting for sums includes waiting for the slower rank; the sum alone is begun on all ranks at once. Both ranks are on one",
    "machine, so they also share its memory bandwidth and whatever else runs there: where others took cores before, read the",
    "processor time (user and system, waiting ranks included) instead of the clock.",
    "",
    "## Projection to more machines",
    "",
    "From the processor time of one rank's step above and the bytes of its gradients: a ring sends `2 (n - 1) / n` times the gradients over each",
    "link. Efficiency with the sum after the backward pass, as it is; in brackets what hiding it behind the backward pass could",
    "give at best. More pictures per rank make the step longer and the sum no larger.",
    "",
    projectionTable(found),
    "",
    "Why the sum waits for the backward pass: [decision 12](decisions/0012-training-on-several-ranks.md).",
    "",
  ];
  const file = join(root, "docs", "weak-scaling.md");
  writeFileSync(file, lines.join("\n"));
  console.log(`\n${lines.join("\n")}\nwritten to ${file}`);
}
