import * as tf from "@tensorflow/tfjs-core";
import { alone, ranksInProcess, type Communicator } from "@flexivit/parallel";
import { disposeTree, leaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { withEarlySums } from "../test-support/early-sums.ts";
import { tinyBatch, tinyLoss, tinyParams, type TinyBatch, type TinyParams } from "../test-support/tiny-problem.ts";
import { lossesAndGradients, type LossFunction } from "./losses.ts";

const context = { step: 0, scheme: patchScheme([2, 3]), seed: 0 };
const inParts = (count: number) => Array.from({ length: count }, (_, part) => ({ part, load: async () => tinyBatch(0, part, count) }));

describe("lossesAndGradients", () => {
  it.each([2, 4])("of %i parts equal those of the whole batch", async (count) => {
    const params = tinyParams();
    const whole = await lossesAndGradients(params, tinyLoss, context, inParts(1));
    const split = await lossesAndGradients(params, tinyLoss, context, inParts(count));
    const tolerance = { relative: 5e-7 }; // a few roundings of float32, 6e-8 each
    expect(split.images).toBe(4);
    expectClose(split.terms["loss"], whole.terms["loss"], tolerance);
    const [ofWhole, ofSplit] = [whole, split].map(({ gradients }) => leaves(gradients));
    expect(ofSplit.map(({ path }) => path)).toEqual(["kernel", "bias"]);
    for (const [i, { tensor }] of ofSplit.entries()) expectClose(tensor, ofWhole[i].tensor, tolerance);
    disposeTree(params, whole.gradients, split.gradients);
  });

  it("of two ranks with a part each equal those of the whole batch on both, and count the images of both", async () => {
    const params = tinyParams();
    const whole = await lossesAndGradients(params, tinyLoss, context, inParts(1));
    const ofRanks = await Promise.all(
      ranksInProcess(2).map((ranks) => lossesAndGradients(params, tinyLoss, context, [inParts(2)[ranks.rank]], undefined, ranks)),
    );
    for (const { terms, gradients, images } of ofRanks) {
      expect(images).toBe(4);
      expectClose(terms["loss"], whole.terms["loss"], { relative: 5e-7 }); // a few roundings of float32, 6e-8 each
      for (const [i, { tensor }] of leaves(gradients).entries()) expectClose(tensor, leaves(whole.gradients)[i].tensor, { relative: 5e-7 });
    }
    disposeTree(params, whole.gradients, ...ofRanks.map(({ gradients }) => gradients));
  });

  it("tell the loss which part it is given, on every rank its own", async () => {
    const params = tinyParams();
    const seen: number[] = [];
    const noting: LossFunction<TinyParams, TinyBatch> = (weights, batch, given) => (seen.push(given.part), tinyLoss(weights, batch, given));
    disposeTree((await lossesAndGradients(params, noting, context, inParts(2))).gradients);
    disposeTree((await lossesAndGradients(params, noting, context, [inParts(4)[3]])).gradients, params);
    expect(seen).toEqual([0, 1, 3]);
  });

  it("average further terms over the parts", async () => {
    const params = tinyParams();
    const largest = await Promise.all([0, 1].map(async (part) => (await lossesAndGradients(params, tinyLoss, context, [inParts(2)[part]])).terms["largestError"]));
    const { terms } = await lossesAndGradients(params, tinyLoss, context, inParts(2));
    expectClose(terms["largestError"], (largest[0] + largest[1]) / 2);
    tf.dispose(params);
  });

  it("refuse parts that are not equally large", async () => {
    const params = tinyParams();
    const parts = [2, 4].map((count, part) => ({ part, load: async () => tinyBatch(0, 0, count) }));
    await expect(lossesAndGradients(params, tinyLoss, context, parts)).rejects.toThrow(
      new Error("train(batch): expected 2 images in part 1, as in the parts before it, got 1. Split a batch into equal parts."),
    );
    tf.dispose(params);
  });

  it("leave the weights, and gradients only", async () => {
    const params = tinyParams();
    await expectNoLeak(async () => (await lossesAndGradients(params, tinyLoss, context, inParts(4))).gradients);
    tf.dispose(params);
  });
});

describe("lossesAndGradients of several ranks", () => {
  type Params = { near: tf.Tensor2D; far: tf.Tensor1D };
  type Event = string | number;
  const bucket = 2 ** 20;
  const twoBuckets = (): Params => ({ near: tf.tensor2d([[1, 2, 3], [4, 5, 6]]), far: tf.ones([bucket]) });
  const onePart = (part: number) => ({ part, load: async () => ({ images: tf.fill([1, 3], part + 1) }) });

  /** mean(far) * sum(near^2 * images); `passed` is called where the backward pass is between the two leaves. */
  const lossPassing = (passed: () => void): LossFunction<Params, { images: tf.Tensor }> => {
    const noted = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => (passed(), tf.clone(dy)) }));
    return ({ near, far }, { images }) => ({ loss: tf.mean<tf.Scalar>(tf.mul(far, noted(tf.sum(tf.mul(tf.square(near), images))))) });
  };
  const run = (ranks: Communicator, params: Params, parts: number[], passed: () => void) =>
    lossesAndGradients(params, lossPassing(passed), context, parts.map(onePart), undefined, ranks);

  it.each([1, 2])("begins to sum in the last of %i backward passes, before that has come to the first leaf", async (parts) => {
    const params = twoBuckets();
    const events: Event[][] = [[], []];
    const all = ranksInProcess(2).map((ranks) => {
      const note = (event: Event) => void events[ranks.rank].push(event);
      return run(withEarlySums(ranks, note), params, Array.from({ length: parts }, (_, i) => 2 * i + ranks.rank), () => note("passed"));
    });
    for (const { gradients } of await Promise.all(all)) {
      const images = ((2 * parts + 1) * 2 * parts) / 2 / (2 * parts); // the mean of 1, 2, ...
      const { near, far } = gradients as Params;
      expectClose(near, tf.tidy(() => tf.mul(params.near, 2 * images)));
      expectClose(tf.tidy(() => tf.mul(far, bucket).slice([0], [3])), Array(3).fill(91 * images)); // 1 + 4 + ... + 36
      disposeTree(gradients);
    }
    for (const ofRank of events) expect(ofRank).toEqual([...Array<Event>(parts - 1).fill("passed"), bucket, "passed", 6]);
    disposeTree(params);
  });

  it.each([1, 2])("keeps what an earlier part gave to a leaf that the last part does not reach, on %i of them", async (size) => {
    const params = twoBuckets();
    const loss: LossFunction<Params, { images: tf.Tensor }> = ({ near, far }, { images }, { part }) => ({
      loss: tf.mul<tf.Scalar>(part < size ? tf.sum(near) : tf.mean(far), tf.mean(images)),
    });
    const all = await Promise.all(ranksInProcess(size).map((ranks) => lossesAndGradients(params, loss, context, [ranks.rank, ranks.rank + size].map(onePart), undefined, ranks)));
    for (const { gradients } of all) {
      const { near, far } = gradients as Params;
      // Parts 0 and 1 of 4 on two ranks have weights 1 and 2, parts 2 and 3 have 3 and 4; alone, parts 0 and 1 have 1 and 2.
      expectClose(near, { shape: [2, 3], data: Array(6).fill(size === 1 ? 1 / 2 : 3 / 4) });
      expectClose(tf.tidy(() => tf.mul(tf.slice(far, [0], [2]), bucket)), Array(2).fill(size === 1 ? 2 / 2 : 7 / 4));
      disposeTree(gradients);
    }
    disposeTree(params);
  });

  it("has the bits of sums that wait for the end of the backward pass", async () => {
    const params = twoBuckets();
    const bitsWith = async (early: boolean) => {
      const results = await Promise.all(ranksInProcess(3).map((ranks) => run(early ? withEarlySums(ranks) : ranks, params, [ranks.rank], () => {})));
      return results.map(({ gradients, terms }) => {
        const bits = [Buffer.from(Float64Array.of(terms["loss"]).buffer), ...leaves(gradients).map(({ tensor }) => Buffer.from(tensor.dataSync<"float32">().slice().buffer))];
        disposeTree(gradients);
        return Buffer.concat(bits).toString("base64");
      });
    };
    const early = await bitsWith(true);
    expect(await bitsWith(false)).toEqual(early);
    expect(new Set(early).size).toBe(1); // and of each other
    disposeTree(params);
  });

  it.each([1, 2])("leaves nothing behind where a rank fails amid the backward pass of its last of %i parts, and the others end", async (parts) => {
    const params = twoBuckets();
    await expectNoLeak(async () => {
      let left = parts;
      const [first, second] = ranksInProcess(2).map((ranks) => withEarlySums(ranks));
      const failing = run(second, params, Array.from({ length: parts }, (_, i) => i), () => {
        if (--left === 0) throw new Error("out of memory");
      }).catch((error: Error) => (second.abort(1), error.message));
      const other = run(first, params, Array.from({ length: parts }, (_, i) => i), () => {});
      await expect(other).rejects.toThrow("rank 1 has ended all ranks with code 1");
      expect(await failing).toBe("out of memory");
    });
    await expectNoLeak(async () => {
      let left = parts;
      const failing = () => {
        if (--left === 0) throw new Error("out of memory");
      };
      await expect(run(alone, params, Array.from({ length: parts }, (_, i) => i), failing)).rejects.toThrow("out of memory");
    });
    disposeTree(params);
  });
});
