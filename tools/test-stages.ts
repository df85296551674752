import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leftOut, type Outcome, outcomeOf } from "./outcome.ts";
import { type ProgramOptions, runProgram, runTypeScript } from "./run-program.ts";
import { runExamples, runReadmes } from "./test-examples.ts";
import { packagesIn, root } from "./workspace.ts";

export type Stage = { name: string; run: () => Promise<Outcome> };

/** Everything that `npm test` checks, in order. Each stage runs even where an earlier one failed. */
export function testStages(): Stage[] {
  return [
    { name: "build", run: () => program("tsc", ["-b"]) },
    { name: "types", run: () => program("tsc", ["-p", "tsconfig.check.json"]) },
    { name: "lint", run: () => program("oxlint", ["--deny-warnings"]) },
    { name: "knip", run: () => program("knip", ["--no-config-hints"]) },
    { name: "unit pure", run: () => unitTests("pure") },
    { name: "unit native", run: nativeTests },
    { name: "unit wasm", run: () => unitTests("wasm") },
    { name: "unit webgpu", run: webgpuTests },
    { name: "parity", run: () => script("tools/parity/parity.ts", "--check") },
    { name: "examples", run: runExamples },
    { name: "readmes", run: runReadmes },
    { name: "packages", run: () => program("nx", ["run-many", "-t", "check"], { env: { NX_TUI: "false" } }) },
    { name: "release rehearsal", run: () => script("tools/release-rehearsal.ts") },
    ...packagesIn("experiments").map(({ folder }) => ({ name: `smoke ${folder}`, run: () => smoke(folder) })),
  ];
}

async function program(name: string, args: string[], options?: ProgramOptions): Promise<Outcome> {
  return outcomeOf(await runProgram(name, args, options));
}

async function script(file: string, ...args: string[]): Promise<Outcome> {
  return existsSync(join(root, file)) ? outcomeOf(await runTypeScript([file, ...args])) : leftOut(`${file} is not there`);
}

/** One vitest project; each of its tests counts. */
async function unitTests(project: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "flexivit-test-"));
  const file = join(folder, "results.json");
  const finished = await runProgram("vitest", ["run", "--project", project, "--reporter=dot", "--reporter=json", `--outputFile.json=${file}`]);
  const counts = existsSync(file) ? countTests(JSON.parse(readFileSync(file, "utf8")) as VitestResults) : { passed: 0, failed: 0, skipped: 0 };
  rmSync(folder, { recursive: true });
  const failed = Math.max(counts.failed, finished.code === 0 ? 0 : 1);
  return { ...counts, failed, details: failed > 0 ? outcomeOf({ ...finished, code: 1 }).details : "" };
}

type VitestResults = { testResults: { status: string; assertionResults: { status: string }[] }[] };

/** Counts tests; a file that fails before its first test counts as one failure. */
function countTests({ testResults }: VitestResults): Omit<Outcome, "details"> {
  const statuses = testResults.flatMap(({ status, assertionResults }) => {
    const inFile = assertionResults.map((one) => one.status);
    return status === "failed" && !inFile.includes("failed") ? [...inFile, "failed"] : inFile;
  });
  const count = (...wanted: string[]) => statuses.filter((status) => wanted.includes(status)).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("pending", "skipped", "todo", "disabled") };
}

function nativeTests(): Promise<Outcome> {
  return testsOn("native", 'const { useEngine } = await import("@flexivit/engine"); await useEngine({ prefer: "native" });', 120_000);
}

/** Fetches WebGPU with a graphics driver in software on the first run: 124 MB through npm. */
function webgpuTests(): Promise<Outcome> {
  const install = `const { installWebgpu } = await import("@flexivit/engine");
    const { installed, reason, remedy } = await installWebgpu();
    if (!installed) throw new Error(reason + ". " + remedy);`;
  return testsOn("webgpu", install, 600_000);
}

/** The tests of an engine, left out with the reason where the program that gets it ready fails. */
async function testsOn(engine: "native" | "webgpu", program: string, timeoutMs: number): Promise<Outcome> {
  const { code, output } = await runTypeScript(["--input-type=module", "-e", program], { env: { FLEXIVIT_ENGINE: engine }, timeoutMs });
  if (code === 0) return unitTests(engine);
  return leftOut(/Error: (.*)/.exec(output)?.[1] ?? `the ${engine} engine does not start here`);
}

/** The minute-long variant of an experiment, in a run folder that is removed afterwards. */
async function smoke(experiment: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "flexivit-smoke-"));
  try {
    return await script("tools/experiment.ts", experiment, "--variant", "smoke", "--out", folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
