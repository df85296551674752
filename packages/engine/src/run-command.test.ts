import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstThatRuns, runCommand } from "./run-command.ts";

const node = process.execPath;

test("a command gives what it printed on stdout, and the log holds the line, the output and the outcome", async () => {
  const logFile = join(await mkdtemp(join(tmpdir(), "flexivit-run-")), "log");
  const program = "console.log(2 + 3); console.error('aside')";
  expect(await runCommand(node, ["-e", program], { timeoutMs: 20_000, logFile })).toBe("5\n");
  expect(await readFile(logFile, "utf8")).toBe(`$ ${node} -e ${program}\n5\naside\n-> ok\n\n`);
});

test("a variable of the call reaches the command beside those of this process", async () => {
  const program = "console.log(process.env.FLEXIVIT_A, process.env.PATH.length > 0)";
  expect(await runCommand(node, ["-e", program], { timeoutMs: 20_000, env: { FLEXIVIT_A: "7" } })).toBe("7 true\n");
});

test("a command that fails throws its exit code and its last line of errors", async () => {
  const failing = runCommand(node, ["-e", "console.error('one\\ntwo'); process.exit(3)"], { timeoutMs: 20_000 });
  await expect(failing).rejects.toThrow(new Error(`${node}: failed (3): two`));
});

test("a command that does not end is killed after its time, even where its own child still runs", async () => {
  const started = performance.now();
  const hanging = runCommand("sh", ["-c", "sleep 30 & sleep 30"], { timeoutMs: 500 });
  await expect(hanging).rejects.toThrow(/^sh: killed after 0.5 s: /);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("a command that is not there throws its name", async () => {
  await expect(runCommand("flexivit-none", [], { timeoutMs: 1000 })).rejects.toThrow("flexivit-none: failed (ENOENT)");
});

test("of [missing, node, missing] node is the first that runs, of missing ones none", async () => {
  expect(await firstThatRuns([["flexivit-none"], [node, "--no-warnings"], ["flexivit-none"]])).toEqual([node, "--no-warnings"]);
  expect(await firstThatRuns([["flexivit-none"]])).toBeUndefined();
});
