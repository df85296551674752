import * as tf from "@tensorflow/tfjs-core";
import { ranksInProcess } from "@flexivit/parallel";
import { disposeTree, leaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
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
