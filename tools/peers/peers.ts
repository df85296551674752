// Times flexivit and PyTorch eager (timm) on this machine's CPU, in alternation, and writes RESULTS.md.
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Finished, runTypeScript } from "../run-program.ts";
import { root } from "../workspace.ts";
import { installPyTorch, runPython } from "./pytorch.ts";
import { comparisonTable, type Duel, type Measurement, type Mode } from "./table.ts";

const usage =
  "Usage: npm run peers -- [--variant S] [--patch-size 16] [--image-size 240] [--batch 8] [--rounds 3] [--repeats 5] [--threads 2] [--mode forward|train]\n\n" +
  "Times flexivit and PyTorch eager on this machine's CPU, in alternation, and writes tools/peers/RESULTS.md.";
const { help, rounds, mode: onlyMode, ...shared } = choices();
if (help) {
  console.log(usage);
  process.exit();
}
const benchArguments = Object.entries(shared).flatMap(([name, value]) => [`--${name}`, value]);
const modes = (["forward", "train"] as const).filter((mode) => !onlyMode || mode === onlyMode);
const loadBefore = loadavg()[0] ?? NaN;
if (loadBefore > 0.5) console.log(`This machine is busy (load ${loadBefore.toFixed(1)}): the times below mean little, PyTorch's least.`);

const pytorch = await installPyTorch();
const duels: Duel[] = [];
let about: { engine?: object; versions?: Record<string, string> } = {};
for (const mode of modes) duels.push(await duel(mode));
report();

function choices() {
  const options = {
    help: { type: "boolean", short: "h" },
    variant: { type: "string", default: "S" },
    "patch-size": { type: "string", default: "16" },
    "image-size": { type: "string", default: "240" },
    batch: { type: "string", default: "8" },
    threads: { type: "string", default: "2" },
    repeats: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    mode: { type: "string" },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

/** One mode: a process of ours, one of PyTorch, and again. */
async function duel(mode: Mode): Promise<Duel> {
  const result: Duel = { mode, flexivit: [], pytorch: [] };
  const args = [...benchArguments, "--mode", mode];
  for (let round = 1; round <= Number(rounds); round++) {
    const ours = await runTypeScript([join(root, "packages/flexivit/src/cli.ts"), "bench", ...args, "--json"], { timeoutMs: 3_600_000 });
    result.flexivit.push(measurement(ours, mode));
    const theirs = await runPython(pytorch, ["pytorch_vit.py", ...args]);
    result.pytorch.push(measurement(theirs, mode));
    console.log(`${mode}, round ${round} of ${rounds}: ${[result.flexivit, result.pytorch].map((side) => side.at(-1)?.milliseconds.map(Math.round).join(" ")).join("  |  ")} ms`);
  }
  return result;
}

function measurement({ code, stdout, output }: Finished, mode: Mode): Measurement {
  if (code !== 0) throw new Error(`peers(${mode}): expected a measurement, the process ended with code ${code}:\n${output}`);
  const found = JSON.parse(stdout.slice(stdout.indexOf("{"))) as Measurement & typeof about;
  about = { ...about, ...(found.engine ? { engine: found.engine } : { versions: found.versions }) };
  return found;
}

function report(): void {
  const [processor] = cpus();
  const machine = `${processor?.model}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()}; load before ${loadBefore.toFixed(2)}`;
  const { variant, batch, repeats } = shared;
  const lines = [
    `# ViT-${variant}/${shared["patch-size"]} at ${shared["image-size"]} px, batch ${batch}: flexivit and PyTorch eager`,
    "",
    `\`npm run peers -- ${process.argv.slice(2).join(" ")}\`, ${new Date().toISOString().slice(0, 10)}`,
    "",
    comparisonTable(duels),
    "",
    `Medians over ${rounds} rounds in alternation, ${repeats} repeats each after one warm-up; float32, ${shared.threads} threads, 1000 classes, mean pooling, no class token.`,
    "`speed`: PyTorch's time over ours. `memory`: our peak over PyTorch's, resident memory of the whole process, imports included.",
    "",
    `- flexivit: ${JSON.stringify(about.engine)}, Node ${process.versions.node}`,
    `- PyTorch: ${Object.entries(about.versions ?? {}).map(([name, version]) => `${name} ${version}`).join(", ")}; CUDA libraries left out (stand_ins.py)`,
    `- machine: ${machine}`,
    "",
  ];
  const file = join(dirname(fileURLToPath(import.meta.url)), "RESULTS.md");
  writeFileSync(file, lines.join("\n"));
  console.log(`\n${lines.join("\n")}\nwritten to ${file}`);
}
