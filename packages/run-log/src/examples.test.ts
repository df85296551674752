import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";

it("examples/01-log-a-run.ts writes two runs and a report over both", () => {
  const file = new URL("../examples/01-log-a-run.ts", import.meta.url).pathname;
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  expect(out).toMatch(/slow +65\.9 .*\nfast +80\.6/);
  expect(out).toContain("4 standard plots");
  expect(existsSync(out.trimEnd().split(": ").at(-1)!)).toBe(true);
});
