import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { adamw } from "@flexivit/optim";
import { expectClose } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { bytesOf, tinyBatch, tinyOptions, type TinyBatch, type TinyParams } from "../test-support/tiny-problem.ts";
import { train, type TrainOptions } from "./index.ts";

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "train-resume-"));

/** AdamW with an average: a state with all that a state may hold. */
const options = (changes: Partial<TrainOptions<TinyParams, TinyBatch>> = {}): TrainOptions<TinyParams, TinyBatch> =>
  tinyOptions({
    optimizer: adamw({ learningRate: 0.05, weightDecay: 0.1 }),
    schedule: { kind: "cosine", totalSteps: 9, warmupSteps: 2 },
    steps: 9,
    clipNorm: 0.5,
    emaDecay: 0.8,
    ...changes,
  });

/** Weights and average of a result as bytes, which are then freed. */
function bytes({ params, ema }: { params: TinyParams; ema?: TinyParams }): string[] {
  const all = [params, ...(ema ? [ema] : [])].map(bytesOf);
  tf.dispose([params, ema ?? []]);
  return all;
}

describe("a resumed training", () => {
  it.each([1, 4, 8])("stopped after step %i gives the same bits as an unbroken one", async (last) => {
    const folder = await newFolder();
    const unbroken = bytes(await train(options()));
    const keys = new AbortController();
    const seen: number[] = [];
    const parts = { checkpoints: { folder, every: 100 }, onStep: ({ step }: { step: number }) => void (seen.push(step) && step === last && keys.abort()) };
    const stopped = await train(options({ ...parts, signal: keys.signal }));
    expect([stopped.status, stopped.step]).toEqual(["stopped", last]);
    expect(stopped.checkpoint).toBe(join(folder, `step-0000000${last}.safetensors`));
    tf.dispose([stopped.params, stopped.ema!]);
    const init = () => {
      throw new Error("first weights were made again");
    };
    const resumed = await train(options({ ...parts, init }));
    expect([resumed.status, resumed.step]).toEqual(["finished", 9]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bytes(resumed)).toEqual(unbroken);
  });

  it("gives the same bits where the batch is split into two parts", async () => {
    const split = { accumulate: 2, batch: async (step: number, part: number) => tinyBatch(step, part, 2) };
    const unbroken = bytes(await train(options(split)));
    const checkpoints = { folder: await newFolder(), every: 2 };
    await expect(train(options({ ...split, checkpoints, onStep: failAfter(5) }))).rejects.toThrow("pulled the plug");
    expect(bytes(await train(options({ ...split, checkpoints })))).toEqual(unbroken);
  });

  it("goes on after the step before an error that was not its own: nothing is lost between checkpoints", async () => {
    const folder = await newFolder();
    const checkpoints = { folder, every: 100 };
    const batch = async (step: number): Promise<TinyBatch> => {
      if (step === 5) throw new Error("readPicture(a.png): damaged");
      return tinyBatch(step);
    };
    await expect(train(options({ checkpoints, batch }))).rejects.toThrow(new Error("readPicture(a.png): damaged"));
    expect(await readdir(folder)).toEqual(["step-00000005.safetensors"]);
    expect(bytes(await train(options({ checkpoints })))).toEqual(bytes(await train(options())));
  });

  it("that is done already returns the weights and trains nothing", async () => {
    const checkpoints = { folder: await newFolder(), every: 5 };
    const first = await train(options({ checkpoints }));
    const batch = async (): Promise<TinyBatch> => {
      throw new Error("a batch was asked for");
    };
    const again = await train(options({ checkpoints, batch }));
    expect([again.status, again.step, again.checkpoint]).toEqual(["finished", 9, first.checkpoint]);
    expect(bytes(again)).toEqual(bytes(first));
  });

  it("tells the logger after which step it goes on", async () => {
    const checkpoints = { folder: await newFolder(), every: 4 };
    await expect(train(options({ checkpoints, onStep: failAfter(6), loss: tinyOptions().loss }))).rejects.toThrow("pulled the plug");
    const told: number[] = [];
    const logger = { log() {}, summary() {}, resumeFrom: (step: number) => void told.push(step), finish: async () => {} };
    bytes(await train(options({ checkpoints, logger })));
    expect(told).toEqual([6]);
  });

  it("makes up for an evaluation that the stop cut short", async () => {
    const checkpoints = { folder: await newFolder(), every: 100 };
    const keys = new AbortController();
    const evaluated: number[] = [];
    const evaluate = {
      every: 3,
      run: async (_params: TinyParams, step: number) => {
        if (step === 6 && !keys.signal.aborted) {
          keys.abort();
          keys.signal.throwIfAborted();
        }
        evaluated.push(step);
        return { "loss/3": step };
      },
    };
    const stopped = await train(options({ checkpoints, evaluate, signal: keys.signal }));
    expect([stopped.status, stopped.step, evaluated]).toEqual(["stopped", 6, [3]]);
    bytes(stopped);
    const resumed = await train(options({ checkpoints, evaluate }));
    expect([resumed.status, evaluated]).toEqual(["finished", [3, 6, 9]]);
    expect(bytes(resumed)).toEqual(bytes(await train(options())));
  });

  it("is not finished before its last evaluation is", async () => {
    const checkpoints = { folder: await newFolder(), every: 100 };
    const keys = new AbortController();
    const evaluate = { every: 100, run: async () => (keys.abort(), keys.signal.throwIfAborted(), {}) };
    const stopped = await train(options({ checkpoints, evaluate, signal: keys.signal }));
    expect([stopped.status, stopped.step]).toEqual(["stopped", 9]);
    bytes(stopped);
    const resumed = await train(options({ checkpoints, evaluate: { every: 100, run: async () => ({ figure: 1 }) } }));
    expect([resumed.status, resumed.evaluation]).toEqual(["finished", { figure: 1 }]);
    bytes(resumed);
  });

  it("starts an average at the weights where the checkpoint has none, and drops one that is no longer asked for", async () => {
    const checkpoints = { folder: await newFolder(), every: 100 };
    const plain = await train(options({ steps: 4, emaDecay: 0, checkpoints }));
    expect(plain.ema).toBeUndefined();
    const before = plain.params.bias.dataSync()[0];
    const averaged = await train(options({ steps: 5, emaDecay: 0.8, checkpoints }));
    const after = averaged.params.bias.dataSync()[0];
    expectClose(averaged.ema!.bias, 0.8 * before + 0.2 * after, { relative: 1e-6 }); // one float32 average
    const dropped = await train(options({ steps: 6, emaDecay: 0, checkpoints }));
    expect(dropped.ema).toBeUndefined();
    tf.dispose([plain.params, averaged.params, averaged.ema!, dropped.params]);
  });

  it("refuses another seed, and fewer steps than the checkpoint has", async () => {
    const folder = await newFolder();
    const path = join(folder, "step-00000009.safetensors");
    bytes(await train(options({ checkpoints: { folder, every: 100 } })));
    await expect(train(options({ seed: 12, checkpoints: { folder, every: 100 } }))).rejects.toThrow(
      new Error(`train(seed): expected 11, with which ${path} was trained, got 12. Resume with that seed, or train in another folder.`),
    );
    await expect(train(options({ steps: 8, checkpoints: { folder, every: 100 } }))).rejects.toThrow(
      new Error(`train(steps): expected at least 9, the steps that ${path} has behind it, got 8. Ask for more steps, or train in another folder.`),
    );
  });
});

function failAfter(last: number): (report: { step: number }) => void {
  return ({ step }) => {
    if (step === last) throw new Error("pulled the plug");
  };
}
