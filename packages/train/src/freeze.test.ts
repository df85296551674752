import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadTrainingState } from "@flexivit/checkpoint/training-state";
import { adamw } from "@flexivit/optim";
import { disposeTree, leaves, under } from "@flexivit/params";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { bytesOf, tinyBatch, tinyOptions, tinyParams, type TinyBatch, type TinyParams } from "../test-support/tiny-problem.ts";
import { train, type TrainOptions } from "./index.ts";

/** AdamW with decay of every weight and an average: whatever could move a frozen leaf. */
const options = (changes: Partial<TrainOptions<TinyParams, TinyBatch>> = {}): TrainOptions<TinyParams, TinyBatch> =>
  tinyOptions({ optimizer: adamw({ learningRate: 0.05, weightDecay: 0.1 }), steps: 6, clipNorm: 0.5, emaDecay: 0.8, ...changes });

const bytesAndFree = ({ params, ema }: { params: TinyParams; ema?: TinyParams }): string[] => {
  const bytes = [params, ema!].map(bytesOf);
  disposeTree(params, ema);
  return bytes;
};

describe("freeze", () => {
  it("leaves a frozen leaf and its average as they were, to the bit, while the other is trained", async () => {
    const start = tinyParams();
    const { params, ema } = await train(options({ freeze: under("kernel"), accumulate: 2, batch: async (step, part) => tinyBatch(step, part, 2) }));
    for (const tree of [params, ema!]) expect(tree.kernel.dataSync()).toEqual(start.kernel.dataSync());
    expect(params.bias.dataSync()[0]).not.toBe(start.bias.dataSync()[0]);
    disposeTree(start, params, ema);
  });

  it("trains the rest as if the frozen leaf were a constant of the loss", async () => {
    const { kernel, bias } = tinyParams();
    const { loss } = options();
    const frozen = await train(options({ freeze: under("kernel") }));
    const alone = await train<{ bias: tf.Scalar }, TinyBatch>({
      ...options(),
      init: () => ({ bias: tf.clone(bias) }),
      loss: ({ bias }, batch, context) => loss({ kernel, bias }, batch, context),
      evaluate: undefined,
    });
    expectClose(frozen.params.bias, alone.params.bias);
    disposeTree(kernel, bias, frozen.params, frozen.ema, alone.params, alone.ema);
  });

  it("keeps no optimiser state for a frozen leaf, and resumes to the bits of an unbroken run", async () => {
    const freeze = under("kernel");
    const unbroken = bytesAndFree(await train(options({ freeze })));
    const checkpoints = { folder: await mkdtemp(join(tmpdir(), "train-freeze-")), every: 100 };
    const keys = new AbortController();
    const onStep = ({ step }: { step: number }) => void (step === 3 && keys.abort());
    bytesAndFree(await train(options({ freeze, checkpoints, onStep, signal: keys.signal })));
    const { trees } = await loadTrainingState(checkpoints.folder);
    expect(leaves(trees["slots"]).map(({ path }) => path.split("/")[0])).toEqual(["bias", "bias"]); // two moments
    disposeTree(trees);
    expect(bytesAndFree(await train(options({ freeze, checkpoints })))).toEqual(unbroken);
  });

  it("refuses to freeze everything, and leaves no tensor", async () => {
    await expectNoLeak(async () => {
      await expect(train(options({ freeze: () => true }))).rejects.toThrow(
        new Error('train(freeze): expected a leaf to train, got all 2 frozen. Leave one out, such as "bias".'),
      );
    });
    await expectNoLeak(async () => {
      const { params, ema } = await train(options({ freeze: under("bias") }));
      return [params, ema!];
    });
  });
});
