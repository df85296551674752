import { ranksInProcess, type Communicator } from "@flexivit/parallel";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { requireAlike, sumNumbers, sumOverRanks } from "./over-ranks.ts";

const onAll = <Result>(size: number, run: (communicator: Communicator) => Promise<Result>): Promise<Result[]> => Promise.all(ranksInProcess(size).map(run));

/** Leaves of 6, 1 and 2 numbers between two that fill a bucket of 2^22 numbers on their own. */
const treeOf = (rank: number) => ({
  first: tf.tensor2d([1, 2, 3, 4, 5, 6].map((value) => value * (rank + 1)), [2, 3]),
  large: tf.fill([2 ** 22], rank + 0.25),
  list: [tf.scalar(10 ** rank), tf.tensor1d([rank, -1])],
  largest: tf.fill([2 ** 22 + 3], 2 * rank),
});

describe("sumOverRanks", () => {
  it("adds each leaf of three ranks, whatever bucket it travels in", async () => {
    const sums = await onAll(3, ({ rank, ...rest }) => sumOverRanks(treeOf(rank), { rank, ...rest }));
    for (const { first, large, list, largest } of sums) {
      expectClose(first, { shape: [2, 3], data: [6, 12, 18, 24, 30, 36] });
      expectClose(list[0], 111);
      expectClose(list[1], { shape: [2], data: [3, -3] });
      expect(tf.tidy(() => [large, largest].flatMap((leaf) => [leaf.size, tf.min(leaf).dataSync()[0], tf.max(leaf).dataSync()[0]]))).toEqual([2 ** 22, 3.75, 3.75, 2 ** 22 + 3, 6, 6]);
    }
    tf.dispose(sums);
  });

  it("packs leaves into buckets of at most 2^22 numbers, a larger leaf into one of its own", async () => {
    const sums = await onAll(2, async ({ sum, ...rest }) => {
      const lengths: number[] = [];
      const counted = (values: Float32Array): Promise<void> => (lengths.push(values.length), sum(values));
      tf.dispose(await sumOverRanks(treeOf(0), { ...rest, sum: counted }));
      return lengths;
    });
    expect(sums).toEqual(Array(2).fill([6, 2 ** 22, 3, 2 ** 22 + 3]));
  });

  it("takes its tree and leaves the sums only, and nothing where a rank aborts", async () => {
    await expectNoLeak(() => onAll(2, ({ rank, ...rest }) => sumOverRanks(treeOf(rank), { rank, ...rest })));
    await expectNoLeak(async () => {
      const [first, second] = ranksInProcess(2);
      const sum = sumOverRanks(treeOf(0), first);
      second.abort(1);
      await expect(sum).rejects.toThrow("rank 1 has ended all ranks with code 1");
    });
  });

  it("of one rank is the tree itself", async () => {
    const tree = { a: tf.scalar(2) };
    expect(await sumOverRanks(tree, ranksInProcess(1)[0])).toBe(tree);
    tf.dispose(tree);
  });
});

describe("sumNumbers", () => {
  it("adds numbers by name", async () => {
    expect(await onAll(2, (communicator) => sumNumbers({ loss: 0.5 + communicator.rank, images: 4 }, communicator))).toEqual(Array(2).fill({ loss: 2, images: 8 }));
  });
});

describe("requireAlike", () => {
  it("throws on every rank where one bit differs", async () => {
    const values = [1, 1 + Number.EPSILON];
    const refused = onAll(2, (communicator) => requireAlike(values[communicator.rank], 7, communicator).catch((error: Error) => error.message));
    const message = "train(communicator): expected equal weights on every rank after step 7, got norms 1, 1.0000000000000002. Start every rank with the same options, on processors of one kind.";
    expect(await refused).toEqual([message, message]);
    await onAll(2, (communicator) => requireAlike(0.1, 7, communicator));
  });
});
