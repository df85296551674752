import { ranksInProcess, type Communicator } from "@flexivit/parallel";
import { type Leaf, leaves } from "@flexivit/params";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { withEarlySums } from "../test-support/early-sums.ts";
import { gradientSums } from "./gradient-sums.ts";

/** Leaves of 6, 1, 2 and 11 numbers. */
const treeOf = (rank: number) => ({
  first: tf.tensor2d([1, 2, 3, 4, 5, 6].map((value) => value * (rank + 1)), [2, 3]),
  list: [tf.scalar(10 ** rank), tf.tensor1d([rank, -1])],
  largest: tf.fill([11], 2 * rank + 0.25),
});
type Order = (all: Leaf[]) => Leaf[];
const [forward, backward]: Order[] = [(all) => all, (all) => all.toReversed()];

const like = treeOf(0);
afterAll(() => tf.dispose([like.first, like.list, like.largest]));

/** Sums the tree of a rank, whose leaves come in as `order` says, in buckets of up to `size` numbers. */
async function sumsOf(ranks: Communicator, size: number, order = backward, note: (path: string) => void = () => {}): Promise<typeof like> {
  const sums = gradientSums(like, ranks, size);
  for (const { path, tensor } of order(leaves(treeOf(ranks.rank)))) {
    note(path);
    sums.take(path, tensor);
  }
  return (await sums.finish()) as typeof like;
}

describe("gradientSums", () => {
  it.each([1, 3, 8, 100])("adds each leaf of three ranks in buckets of up to %i numbers, whatever order it comes in", async (size) => {
    const orders = [forward, backward, ([a, ...others]: Leaf[]) => [...others, a]];
    for (const early of [false, true]) {
      const all = await Promise.all(ranksInProcess(3).map((ranks) => sumsOf(early ? withEarlySums(ranks) : ranks, size, orders[ranks.rank])));
      for (const { first, list, largest } of all) {
        expectClose(first, { shape: [2, 3], data: [6, 12, 18, 24, 30, 36] });
        expectClose(list[0], 111);
        expectClose(list[1], { shape: [2], data: [3, -3] });
        expectClose(largest, Array(11).fill(6.75));
      }
      tf.dispose(all);
    }
  });

  it("packs leaves into buckets in the reverse order of the tree, a larger leaf into one of its own", async () => {
    const lengthsFor = async (size: number): Promise<number[]> => {
      const lengths: number[][] = [[], []];
      tf.dispose(await Promise.all(ranksInProcess(2).map((ranks) => sumsOf(withEarlySums(ranks, (numbers) => lengths[ranks.rank].push(numbers)), size))));
      expect(lengths[1]).toEqual(lengths[0]);
      return lengths[0];
    };
    expect(await Promise.all([1, 3, 8, 9, 20].map(lengthsFor))).toEqual([[11, 2, 1, 6], [11, 3, 6], [11, 3, 6], [11, 9], [20]]);
  });

  it("begins a sum when its bucket is whole and all before it have begun, in one order on ranks whose gradients come in another", async () => {
    const events: (string | number)[][] = [[], []];
    const orders = [backward, ([first, one, two, largest]: Leaf[]) => [first, two, largest, one]];
    const all = ranksInProcess(2).map((ranks) => {
      const note = (event: string | number) => void events[ranks.rank].push(event);
      return sumsOf(withEarlySums(ranks, note), 3, orders[ranks.rank], note);
    });
    tf.dispose(await Promise.all(all));
    expect(events).toEqual([
      ["largest", 11, "list/1", "list/0", 3, "first", 6],
      ["first", "list/1", "largest", 11, "list/0", 3, 6],
    ]);
  });

  it("looks in on the oldest sum under way at each gradient, and on the next once that has ended", async () => {
    const [ranks] = ranksInProcess(2);
    const looks: number[] = [];
    const ends = [3, 1, 1]; // looks until each ends
    let begun = 0;
    const beginSum = () => {
      const index = begun++;
      return { advance: () => (looks.push(index), --ends[index] <= 0), ended: async () => {} };
    };
    tf.dispose(await sumsOf({ ...ranks, beginSum }, 3));
    // Of the gradients, the first and the third begin sums 0 and 1, the fourth 2: it sees the end of none but these.
    expect(looks).toEqual([0, 0, 0, 1, 2]);
  });

  it("begins none before finish where the communicator begins none early", async () => {
    let called = 0;
    const [ranks] = ranksInProcess(2);
    const sums = gradientSums(like, { ...ranks, sum: async () => void called++ }, 3);
    for (const { path, tensor } of leaves(treeOf(0))) sums.take(path, tensor);
    expect(called).toBe(0);
    tf.dispose((await sums.finish()) as typeof like);
    expect(called).toBe(3);
  });

  it("takes undefined for zeros", async () => {
    const onRank = async (ranks: Communicator) => {
      const sums = gradientSums({ a: like.first, b: like.largest }, ranks);
      sums.take("a", ranks.rank === 0 ? tf.ones([2, 3]) : undefined);
      sums.take("b", undefined);
      return (await sums.finish()) as { a: tf.Tensor; b: tf.Tensor };
    };
    for (const size of [1, 2]) {
      for (const { a, b } of await Promise.all(ranksInProcess(size).map(onRank))) {
        expectClose(a, { shape: [2, 3], data: Array(6).fill(1) });
        expectClose(b, { shape: [11], data: Array(11).fill(0) });
        tf.dispose([a, b]);
      }
    }
  });

  it("of one rank are the gradients themselves", async () => {
    const { first, list, largest } = treeOf(4);
    const sums = gradientSums(like, ranksInProcess(1)[0]);
    for (const { path, tensor } of leaves({ first, list, largest })) sums.take(path, tensor);
    const tree = (await sums.finish()) as typeof like;
    expect([tree.first === first, tree.list[1] === list[1], tree.largest === largest]).toEqual([true, true, true]);
    tf.dispose([first, list, largest]);
  });

  it("frees a gradient as it is packed and leaves the sums only, and nothing where it is given up or a rank aborts", async () => {
    const largest = tf.ones([11]);
    const sums = gradientSums(like, withEarlySums(ranksInProcess(2)[0]), 3);
    sums.take("largest", largest);
    expect(largest.isDisposed).toBe(true);
    await expectNoLeak(() => Promise.all(ranksInProcess(2).map((ranks) => sumsOf(withEarlySums(ranks), 3))));
    for (const size of [1, 2]) {
      expectNoLeak(() => {
        const sums = gradientSums(like, withEarlySums(ranksInProcess(size)[0]), 3);
        sums.take("first", tf.ones([2, 3])); // waits for those before it
        sums.take("list/0", tf.scalar(2));
        sums.dispose();
      });
    }
    await expectNoLeak(async () => {
      const ended = [async () => {}, () => Promise.reject(new Error("the link is down"))];
      const beginSum = () => ({ advance: () => false, ended: ended.shift() ?? (async () => {}) });
      await expect(sumsOf({ ...ranksInProcess(2)[0], beginSum }, 3)).rejects.toThrow("the link is down");
    });
    await expectNoLeak(async () => {
      const [first, second] = ranksInProcess(2).map((ranks) => withEarlySums(ranks));
      const sum = sumsOf(first, 3);
      second.abort(1);
      await expect(sum).rejects.toThrow("rank 1 has ended all ranks with code 1");
    });
  });
});
