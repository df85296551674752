import { execFileSync } from "node:child_process";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

const native = tf.getBackend() === "tensorflow";

/**
 * Resident bytes of malloc's heap before and after 40 arrays of 2.4 MB, all there at once, became tensors and were collected;
 * how much the heap grows by the same arrays after `adds` additions that TensorFlow took its memory for from the cache; and how
 * many pages are touched for the first time when half of them are made again after a collection, at the least of ten times.
 */
function heapAround(adds: number): { before: number; after: number; again: number; pages: number } {
  const program = `
    import { readFileSync } from "node:fs";
    import { useEngine } from "./use-engine.ts";
    import * as tf from "@tensorflow/tfjs-core";
    const heap = () => Number(/\\[heap\\]\\n(?:.*\\n)*?Rss:\\s+(\\d+) kB/.exec(readFileSync("/proc/self/smaps", "utf8"))[1]) * 1024;
    const arrays = (count = 40) => Array.from({ length: count }, () => new Float32Array(600_000).fill(1));
    await useEngine({ threads: 1 });
    const before = heap();
    let made = arrays();
    const tensors = made.map((array) => tf.tensor1d(array));
    made = undefined;
    gc();
    const after = heap();
    const x = tf.zeros([30_000]);
    for (let i = 0; i < ${adds}; i++) tf.add(x, 1).dispose();
    made = arrays();
    const again = heap() - after;
    const faults = () => process.resourceUsage().minorPageFault;
    const touched = [];
    for (let round = 0; round < 10; round++) {
      made = undefined;
      gc(); // which frees arrays in a thread of its own, so not every round finds all of them freed
      const faultsBefore = faults();
      made = arrays(20);
      touched.push(faults() - faultsBefore);
    }
    const last = made.at(-1).at(-1) + tensors.at(-1).dataSync()[0];
    console.log(JSON.stringify({ before, after, again, pages: Math.min(...touched), last }));`;
  const flags = ["--expose-gc", "--conditions=@flexivit/source", "--input-type=module-typescript", "-e", program];
  return JSON.parse(execFileSync(process.execPath, flags, { cwd: import.meta.dirname, encoding: "utf8" }));
}

test.skipIf(!native)("what 96 MB of arrays leave in malloc's heap while a process grows is less than 16 MB", () => {
  const { before, after, again, pages } = heapAround(100);
  expect(after - before).toBeLessThan(16e6);
  expect(again).toBeLessThan(16e6);
  expect(pages).toBeGreaterThan(11_000); // all 11,700 anew
});

test.skipIf(!native)("once it has settled, arrays come from the heap, where the next ones find their pages", () => {
  const { again, pages } = heapAround(5000);
  expect(again).toBeGreaterThan(80e6);
  expect(pages).toBeLessThan(3000); // of 11,700
});
