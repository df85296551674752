import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = fileURLToPath(new URL("../examples/", import.meta.url));

test.each(readdirSync(folder))("example %s runs", async (name) => {
  const args = ["--conditions=@flexivit/source", folder + name];
  expect(await runCommand(process.execPath, args, { timeoutMs: 50_000 })).toMatch(/GFLOP\/s\nhighest memory/);
});
