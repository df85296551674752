import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("touching 100 MB raises the resident memory by about as much, and the peak is never below it", () => {
  // In a process of its own: here, what other tests give back meanwhile would hide the block.
  const program = `
    import { memoryUse } from "./memory-use.ts";
    const before = memoryUse();
    const block = new Uint8Array(100e6).fill(7);
    const { residentBytes, peakBytes } = memoryUse();
    console.log(JSON.stringify({ raised: residentBytes - before.residentBytes, peakBytes, residentBytes, last: block.at(-1) }));`;
  const out = execFileSync(process.execPath, ["--input-type=module-typescript", "-e", program], { cwd: import.meta.dirname, encoding: "utf8" });
  const { raised, residentBytes, peakBytes, last } = JSON.parse(out) as Record<string, number>;
  expect(raised).toBeGreaterThan(90e6);
  expect(raised).toBeLessThan(130e6);
  expect(peakBytes).toBeGreaterThanOrEqual(residentBytes);
  expect(last).toBe(7);
});
