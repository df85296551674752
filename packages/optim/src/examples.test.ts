import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("examples/01-train-with-the-papers-recipe.ts brings the loss below 0.02 with the same number of tensors throughout", () => {
  const file = fileURLToPath(new URL("../examples/01-train-with-the-papers-recipe.ts", import.meta.url));
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8" });
  expect(new Set(out.match(/\d+ tensors/g)).size).toBe(1);
  expect(Number(/at the end: loss (\S+),/.exec(out)?.[1])).toBeLessThan(0.02);
});
