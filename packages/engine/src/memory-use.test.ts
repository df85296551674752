import { expect, test } from "vitest";
import { memoryUse } from "./memory-use.ts";

test("touching 100 MB raises the resident memory by about as much, and the peak is never below it", () => {
  const before = memoryUse();
  const block = new Uint8Array(100e6).fill(7);
  const { residentBytes, peakBytes } = memoryUse();
  // Other memory may be given back meanwhile, so only most of it is asked for.
  expect(residentBytes - before.residentBytes).toBeGreaterThan(80e6);
  expect(peakBytes).toBeGreaterThanOrEqual(residentBytes);
  expect(block.at(-1)).toBe(7);
});
