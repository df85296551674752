import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("examples/01-stopped-and-resumed-to-the-same-bits.ts ends with the bits of an unbroken training", () => {
  const file = fileURLToPath(new URL("../examples/01-stopped-and-resumed-to-the-same-bits.ts", import.meta.url));
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8" });
  expect(out).toMatch(/^stopped: steps 1 \(.*\) to 23 \(.*\), saved as step-00000023\.safetensors\nstopped: steps 24 .* to 41 /);
  expect(out).toContain("the same bits as the unbroken training: true\n");
});
