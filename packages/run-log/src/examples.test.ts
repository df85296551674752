import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readWandbFile } from "@flexivit/testing/wandb";
import { expect, it } from "vitest";

it("examples/01-log-a-run.ts writes two runs and a report over both", () => {
  const file = new URL("../examples/01-log-a-run.ts", import.meta.url).pathname;
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  expect(out).toMatch(/slow +65\.9 .*\nfast +80\.6/);
  expect(out).toContain("4 standard plots");
  expect(existsSync(out.trimEnd().split(": ").at(-1)!)).toBe(true);
});

it("examples/02-log-to-wandb.ts writes a .wandb file with 25,000 rows, a histogram and a table", () => {
  const file = new URL("../examples/02-log-to-wandb.ts", import.meta.url).pathname;
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  expect(out).toMatch(/^W&B: 0 of 25,002 rows sent; send the rest with: flexivit sync /);
  const { history } = readWandbFile(readFileSync(/\n(.+\.wandb): /.exec(out)![1]!));
  expect(history).toHaveLength(25_002);
  expect(history[999]).toMatchObject({ _step: "1000", overflow: "Infinity" });
  expect(history.slice(-2).flatMap((line) => Object.keys(line))).toEqual(expect.arrayContaining(["weights", "confusions"]));
});
