import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

function run(name: string): string {
  const file = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  return execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8" });
}

it("examples/01-any-weight-file-by-name.ts turns one format into the other and back in as many bytes", () => {
  const out = run("01-any-weight-file-by-name.ts");
  expect(out).toContain("head/kernel: bfloat16 [3, 5]");
  expect(/there and back: (\d+) and \1 bytes/.test(out)).toBe(true);
});

it("examples/02-a-damaged-state-is-passed-over.ts goes on from step 300", () => {
  const out = run("02-a-damaged-state-is-passed-over.ts");
  expect(out).toContain("goes on from step-00000300.safetensors, seed 7");
  expect(out).toMatch(/expected checksum \w{12}…, got \w{12}… in \.\.\.\/step-00000400\.safetensors/);
});

it("examples/03-one-model-in-four-spellings.ts finds no difference in any of them", () => {
  const out = run("03-one-model-in-four-spellings.ts");
  expect(out.match(/largest difference 0$/gm)).toHaveLength(4);
});
