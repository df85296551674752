import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { prefetch } from "./prefetch.ts";

/** A maker of results that counts what is under way. */
function maker(failAt = -1): { make: (step: number) => Promise<number>; started: number[]; done: number[] } {
  const started: number[] = [];
  const done: number[] = [];
  const make = async (step: number): Promise<number> => {
    started.push(step);
    // Later steps are quicker, so order is not that of completion.
    await sleep(step % 3 === 0 ? 12 : 2);
    done.push(step);
    if (step === failAt) throw new Error(`step ${step} failed`);
    return step * 10;
  };
  return { make, started, done };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("prefetch", () => {
  it("gives all results in order", async () => {
    expect(await collect(prefetch(maker().make, { from: 2, to: 7 }))).toEqual([20, 30, 40, 50, 60]);
    expect(await collect(prefetch((step) => step, { from: 3, to: 3 }))).toEqual([]);
  });

  it("has exactly 3 results under way or waiting while the caller works", async () => {
    const { make, started } = maker();
    for await (const result of prefetch(make, { from: 0, to: 9, ahead: 3 })) {
      await sleep(5);
      expect(started.length).toBe(Math.min(9, result / 10 + 1 + 3));
    }
  });

  it("stops where the caller leaves, after what was under way is done", async () => {
    const { make, started, done } = maker();
    for await (const result of prefetch(make, { from: 0, ahead: 2 })) if (result === 40) break;
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(done.toSorted()).toEqual(started);
    await sleep(20);
    expect(started.length).toBe(7);
  });

  it("throws an error at its own step, once the results before it are taken, and leaves nothing behind", async () => {
    const { make, started, done } = maker(4);
    const results: number[] = [];
    const taken = (async () => {
      for await (const result of prefetch(make, { from: 0, ahead: 3 })) {
        results.push(result);
        await sleep(15);
      }
    })();
    await expect(taken).rejects.toThrow(new Error("step 4 failed"));
    expect(results).toEqual([0, 10, 20, 30]);
    expect(done.toSorted()).toEqual(started);
  });

  it("surfaces an error that is thrown at once, too", async () => {
    const make = (): number => {
      throw new Error("at once");
    };
    await expect(prefetch(make, { from: 0 }).next()).rejects.toThrow(new Error("at once"));
  });

  it("refuses to look ahead by nothing", async () => {
    await expect(prefetch((step) => step, { from: 0, ahead: 0 }).next()).rejects.toThrow(
      new Error("prefetch(ahead): expected a whole number from 1 on, got 0. 2 suits most cases."),
    );
  });
});
