// Times training steps on one rank and on two of one thread each, with equal work per rank, and steps whose sums begin during
// the backward pass against others whose sums begin after it; writes docs/weak-scaling.md.
// npm run weak-scaling -- [--variants S] [--pictures 8] [--steps 8] [--rounds 3] [--ranks 2] [--pairs 20] [--link 10gbit,1gbit]
// --link: also over links of such rates, which root can make on one machine
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { coresTaken } from "../cores-taken.ts";
import { type Finished, runProgram } from "../run-program.ts";
import { root } from "../workspace.ts";
import { overLink, requireLinks, type Started } from "./link.ts";
import { page } from "./page.ts";
import type { Scaling, Times, Turns } from "./table.ts";

const { values } = parseArgs({
  options: {
    variants: { type: "string", default: "S" },
    pictures: { type: "string", default: "8" },
    steps: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    ranks: { type: "string", default: "2" },
    pairs: { type: "string", default: "20" },
    link: { type: "string", default: "" },
  },
});
const [variants, rates] = [values.variants.split(","), values.link.split(",").filter((rate) => rate !== "")];
await requireLinks(rates);
const taken = await coresTaken();
if (taken > 0.2) console.log(`Other programs take ${taken.toFixed(1)} cores: two ranks suffer more from that than one.`);
const found: Scaling[] = [];
const turns: Turns[] = [];
for (const variant of variants) {
  found.push(await scaling(variant));
  for (const rate of [undefined, ...rates]) turns.push(await inTurns(variant, rate));
}
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

/** Steps with sums during the backward pass and after it, in turn within one job, over a link of `rate` or on one machine as it is. */
async function inTurns(variant: string, rate: string | undefined): Promise<Turns> {
  const link = rate ? `${Number.parseInt(rate)} ${rate.endsWith("gbit") ? "Gb/s" : "Mb/s"}` : "shared memory";
  const { stepMs } = await measured(variant, Number(values.ranks), rate, String(2 * Number(values.pairs)), "pairs");
  console.log(`ViT-${variant}, ${link}: ${stepMs.map(Math.round).join(" ")} ms`);
  return { link: `ViT-${variant}/16, ${link}`, stepMs };
}

/** The times of `ranks` ranks, started through this package's launcher. */
async function measured(variant: string, ranks: number, rate?: string, steps = values.steps, ...mode: string[]): Promise<Times> {
  const command = [process.execPath, "--conditions=@flexivit/source", join(root, "tools/weak-scaling/rank.ts"), variant, values.pictures, steps, ...mode];
  const launch = `const { launchRanks } = await import("@flexivit/parallel"); process.exitCode = await launchRanks(${ranks}, ${JSON.stringify(command)});`;
  const [node, ...args] = ranks === 1 ? command : [process.execPath, "--conditions=@flexivit/source", "--input-type=module", "-e", launch];
  const start: Started = rate ? overLink(rate, node, args) : { program: node, args, env: {} };
  return timesOf(await runProgram(start.program, start.args, { env: start.env, timeoutMs: 3_600_000 }), ranks);
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
  const file = join(root, "docs", "weak-scaling.md");
  const text = page({ ...values, taken, scalings: found, turns });
  writeFileSync(file, text);
  console.log(`\n${text}\nwritten to ${file}`);
}
