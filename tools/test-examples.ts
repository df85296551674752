import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Finished, runTypeScript } from "./run-program.ts";
import { packagesIn, publicPackages, root } from "./workspace.ts";

const timeoutMs = 120_000;

/** Runs every packages/x/examples/y.ts; each must exit with 0. */
export function runExamples(): Promise<Outcome> {
  const files = packagesIn("packages").flatMap(({ path }) => {
    const folder = join(path, "examples");
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".ts")).toSorted().map((name) => join(folder, name)) : [];
  });
  return all(files.map((file) => ({ name: relative(root, file), run: () => runTypeScript([file], { timeoutMs }) })));
}

/**
 * Runs the first ```ts block of the root README and of each published package's README as a module, in an empty
 * folder that finds the workspace's packages: what an example writes does not land among the sources.
 *
 * A package that is a command may show that instead.
 */
export function runReadmes(): Promise<Outcome> {
  const folders = [root, ...publicPackages().filter(({ manifest }) => !manifest.bin).map(({ path }) => path)];
  return all(
    folders.map((path) => join(path, "README.md")).filter(existsSync).map((file) => {
      const input = firstBlock(readFileSync(file, "utf8"));
      return { name: relative(root, file), run: () => (input === undefined ? Promise.resolve(withoutExample) : runBlock(input)) };
    }),
  );
}

async function runBlock(input: string): Promise<Finished> {
  const cwd = mkdtempSync(join(root, "node_modules", ".readme-"));
  try {
    return await runTypeScript(["--input-type=module-typescript", "-"], { cwd, input, timeoutMs });
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

const withoutExample: Finished = { code: 1, output: "expected a ```ts block that runs, found none", stdout: "", seconds: 0 };

/** The code of the first ```ts block of a Markdown text. */
export function firstBlock(markdown: string): string | undefined {
  return /^```ts\n(.*?)^```$/ms.exec(markdown)?.[1];
}

type Check = { name: string; run: () => Promise<Finished> };

/** Runs the checks two at a time; each counts. */
async function all(checks: Check[]): Promise<Outcome> {
  const total: Outcome = { passed: 0, failed: 0, skipped: 0, details: "" };
  const waiting = [...checks];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { passed, failed, details } = outcomeOf(await next.run());
      total.passed += passed;
      total.failed += failed;
      if (failed) total.details += `${next.name}\n${details}\n`;
    }
  };
  await Promise.all([work(), work()]);
  return total;
}
