import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

function outputOf(example: string): string {
  const file = fileURLToPath(new URL(`../examples/${example}`, import.meta.url));
  return execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8" });
}

it("examples/01-train-with-the-papers-recipe.ts brings the loss below 0.02 with the same number of tensors throughout", () => {
  const out = outputOf("01-train-with-the-papers-recipe.ts");
  expect(new Set(out.match(/\d+ tensors/g)).size).toBe(1);
  expect(Number(/at the end: loss (\S+),/.exec(out)?.[1])).toBeLessThan(0.02);
});

it("examples/02-choose-the-optimizer-by-config.ts halves the loss with 5 optimisers; Adafactor remembers 0.04 numbers per weight", () => {
  const lines = outputOf("02-choose-the-optimizer-by-config.ts").trim().split("\n");
  const found = lines.map((line) => /^(\w+): loss (\S+) to (\S+), remembers (\S+) numbers/.exec(line)?.slice(1) ?? [line]);
  const remembered = found.map(([kind, , , numbers]) => [kind, numbers]);
  expect(remembered).toEqual([["adamw", "2.00"], ["adam", "2.00"], ["rmsprop", "1.00"], ["adafactor", "0.04"], ["sgd", "1.00"]]);
  for (const [, before, after] of found) expect(Number(after)).toBeLessThan(Number(before) / 2);
});
