import { expect, it } from "vitest";
import { runTypeScript } from "./run-program.ts";

const testAll = (...args: string[]) => runTypeScript(["tools/test-all.ts", ...args]);

it("--help tells the options and the stages, and runs nothing", async () => {
  const { code, output } = await testAll("--help");
  expect(code).toBe(0);
  expect(output).toMatch(/^Usage: npm test -- \[options\]\n/);
  expect(output).toMatch(/\n {2}--only <parts> +only stages whose names hold one of these/);
  expect(output).toMatch(/\nStages: build, types, lint, knip, unit pure, unit native, .*, smoke \S+\n/);
});

it("an option or a stage that does not exist is refused in a line, without a trace", async () => {
  expect(await testAll("--all")).toMatchObject({ code: 1, output: "error: unknown option '--all'\n" });
  const { code, output } = await testAll("--only", "nothing,none");
  expect([code, output]).toEqual([1, expect.stringMatching(/^--only: expected part of one of build, types, .*, got nothing,none\.\n$/)]);
});
