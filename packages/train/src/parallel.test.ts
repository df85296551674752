import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adamw } from "@flexivit/optim";
import { alone, ranksInProcess, type Communicator } from "@flexivit/parallel";
import { parseScheme } from "@flexivit/patch-schemes";
import type { Logger } from "@flexivit/run-log";
import { expectClose } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { withEarlySums } from "../test-support/early-sums.ts";
import { bytesOf, tinyBatch, tinyOptions, tinyParams, type TinyBatch, type TinyParams } from "../test-support/tiny-problem.ts";
import { atEveryScheme, train, type TrainOptions, type TrainResult } from "./index.ts";

type Options = TrainOptions<TinyParams, TinyBatch>;
type Row = Record<string, number | string>;

/** A recipe whose batches of 4 pictures are split into `accumulate` parts. */
const options = (accumulate: number, changes: Partial<Options> = {}): Options =>
  tinyOptions({
    optimizer: adamw({ learningRate: 0.05, weightDecay: 0.1 }),
    schedule: { kind: "cosine", totalSteps: 9, warmupSteps: 2 },
    steps: 9,
    clipNorm: 0.5,
    emaDecay: 0.8,
    accumulate,
    batch: async (step, part) => tinyBatch(step, part, accumulate),
    ...changes,
  });

const trainOn = (size: number, recipe: Options, changes: (communicator: Communicator) => Partial<Options> = () => ({})): Promise<TrainResult<TinyParams>[]> =>
  Promise.all(ranksInProcess(size).map((communicator) => train({ ...recipe, communicator, ...changes(communicator) })));

function rowsLogger(): Logger & { rows: Row[] } {
  const rows: Row[] = [];
  return { rows, log: (row) => void rows.push({ ...row }), summary() {}, finish: async () => {} };
}

/** Weights and average of a result as bytes, which are then freed. */
function bytes({ params, ema }: TrainResult<TinyParams>): string[] {
  const all = [params, ema!].map(bytesOf);
  tf.dispose([params, ema!]);
  return all;
}

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "train-parallel-"));

describe("several ranks", () => {
  it("of one part each end with the bits of one process that takes the parts in turn", async () => {
    const one = bytes(await train(options(2)));
    const two = await trainOn(2, options(2));
    expect(two.map(bytes)).toEqual([one, one]);
  });

  it.each([
    [2, 2],
    [3, 4],
  ])("%i of them with %i parts, which begin to sum during the backward pass, end with the bits of ranks that sum after it", async (size, parts) => {
    const after = (await trainOn(size, options(parts))).map(bytes);
    let begun = 0;
    const during = await trainOn(size, options(parts), (ranks) => ({ communicator: withEarlySums(ranks, () => begun++) }));
    expect(during.map(bytes)).toEqual(after);
    expect(begun).toBe(9 * size); // once per step and rank
  });

  it.each([
    [2, 4],
    [3, 4],
    [4, 4],
  ])("%i of them with %i parts end with the weights of one process, in other orders of adding", async (size, parts) => {
    const [one, several] = [rowsLogger(), rowsLogger()];
    const expected = await train(options(parts, { logger: one }));
    const results = await trainOn(size, options(parts, { logger: several }));
    // Nine steps of AdamW, each dividing by a root of averages that carry a few float32 roundings of 6e-8.
    for (const { params, ema } of results) {
      expectClose(params.kernel, expected.params.kernel, { relative: 2e-5 });
      expectClose(ema!.kernel, expected.ema!.kernel, { relative: 2e-5 });
    }
    expect(several.rows).toHaveLength(9); // rank 0 alone logs
    for (const [i, row] of several.rows.entries()) {
      expect(row["patchSize"]).toBe(one.rows[i]["patchSize"]);
      for (const name of ["loss", "gradientNorm", "largestError"]) expectClose(Number(row[name]), Number(one.rows[i][name]), { relative: 2e-5 });
    }
    const first = bytes(results[0]);
    for (const other of results.slice(1)) expect(bytes(other)).toEqual(first); // all ranks hold the same bits
    bytes(expected);
  });

  it("save by rank 0, and another number of ranks goes on from there to the weights of an unbroken run", async () => {
    const folder = await newFolder();
    const whole = await train(options(4));
    const keys = new AbortController();
    const stopAt5 = { onStep: ({ step }: { step: number }) => void (step === 5 && keys.abort()) };
    const checkpoints = { folder, every: 100 };
    // Only rank 2 is asked to stop: all of them stop, after one and the same step.
    const stopped = await trainOn(3, options(4, { checkpoints, ...stopAt5 }), ({ rank }) => (rank === 2 ? { signal: keys.signal } : {}));
    expect(stopped.map(({ status, step }) => [status, step])).toEqual(Array(3).fill(["stopped", 5]));
    expect(await readdir(folder)).toEqual(["step-00000005.safetensors"]);
    expect(stopped.map(({ checkpoint }) => checkpoint?.slice(folder.length))).toEqual(["/step-00000005.safetensors", undefined, undefined]);
    stopped.map(bytes);
    const resumed = await trainOn(2, options(4, { checkpoints }));
    expect(resumed.map(({ status, step }) => [status, step])).toEqual(Array(2).fill(["finished", 9]));
    expectClose(resumed[0].params.kernel, whole.params.kernel, { relative: 2e-5 });
    expect(bytes(resumed[0])).toEqual(bytes(resumed[1]));
    bytes(whole);
  });

  it("go on to the same bits as an unbroken run where as many resume as were stopped", async () => {
    const [folder, keys] = [await newFolder(), new AbortController()];
    const unbroken = bytes((await trainOn(2, options(4)))[0]);
    const checkpoints = { folder, every: 100 };
    const stopAt4 = { onStep: ({ step }: { step: number }) => void (step === 4 && keys.abort()), signal: keys.signal };
    for (const stopped of await trainOn(2, options(4, { checkpoints, ...stopAt4 }))) bytes(stopped);
    const init = (): never => {
      throw new Error("first weights were made again");
    };
    expect((await trainOn(2, options(4, { checkpoints, init }))).map(bytes)).toEqual([unbroken, unbroken]);
  });

  it("share out the patch sizes of an evaluation and join the figures in the order of the sizes", async () => {
    const measured: string[][] = [[], [], []];
    const sizes = ["6", "3", "2x3", "1"].map(parseScheme);
    const evaluate = ({ rank, size }: Pick<Communicator, "rank" | "size">) => ({
      every: 9,
      run: (_params: TinyParams, step: number) =>
        atEveryScheme(sizes, async ({ patchSize: [height, width] }) => (measured[rank].push(`${height}x${width}`), { area: height * width, worst: Number.NaN, step }), { rank, size }),
    });
    const results = await trainOn(2, options(2), (communicator) => ({ evaluate: evaluate(communicator) }));
    expect(measured).toEqual([["6x6", "2x3"], ["3x3", "1x1"], []]);
    const one = await train(options(2, { evaluate: evaluate(alone) }));
    for (const { evaluation } of results) expect(Object.entries(evaluation!)).toEqual(Object.entries(one.evaluation!));
    expect(Object.keys(one.evaluation!)).toEqual(["6", "3", "2x3", "1"].flatMap((size) => [`area/${size}`, `worst/${size}`, `step/${size}`]));
    for (const result of [...results, one]) bytes(result);
  });

  it("leave an evaluation due on all of them where one is interrupted, and make up for it", async () => {
    const [checkpoints, keys] = [{ folder: await newFolder(), every: 100 }, new AbortController()];
    const interrupted = ({ rank }: Communicator): Partial<Options> => ({
      signal: rank === 1 ? keys.signal : undefined,
      evaluate: { every: 100, run: async () => (rank === 1 && (keys.abort(), keys.signal.throwIfAborted()), { figure: 1 }) },
    });
    const stopped = await trainOn(2, options(2, { checkpoints }), interrupted);
    expect(stopped.map(({ status, step, evaluation }) => [status, step, evaluation])).toEqual(Array(2).fill(["stopped", 9, undefined]));
    stopped.map(bytes);
    const resumed = await trainOn(2, options(2, { checkpoints, evaluate: { every: 100, run: async () => ({ figure: 2 }) } }));
    expect(resumed.map(({ status, evaluation }) => [status, evaluation])).toEqual(Array(2).fill(["finished", { figure: 2 }]));
    resumed.map(bytes);
  });

  it("whose weights come apart are found out before the next checkpoint, and nothing is saved", async () => {
    const checkpoints = { folder: await newFolder(), every: 3 };
    const other = ({ rank }: Communicator): Partial<Options> => ({ optimizer: adamw({ learningRate: 0.05 + rank / 100 }) });
    await expect(trainOn(2, options(2, { checkpoints }), other)).rejects.toThrow("train(communicator): expected equal weights on every rank after step 3, got norms ");
    expect(await readdir(checkpoints.folder)).toEqual([]);
  });

  it("refuse fewer parts than ranks, parts that are not equally large, and different first weights", async () => {
    await expect(trainOn(3, options(2))).rejects.toThrow(
      new Error("train(accumulate): expected at least 3 parts of a batch, one for each rank, got 2. Split a batch into more parts."),
    );
    const uneven = ({ rank }: Communicator): Partial<Options> => ({ batch: async (step) => tinyBatch(step, 0, rank === 0 ? 2 : 4) });
    await expect(trainOn(2, options(2), uneven)).rejects.toThrow(
      new Error("train(batch): expected 2 images in each part of a rank, got 3 in 2 parts. Split a batch into equal parts."),
    );
    const other = ({ rank }: Communicator): Partial<Options> => ({ init: () => ({ ...tinyParams(), bias: tf.scalar(rank) }) });
    await expect(trainOn(2, options(2), other)).rejects.toThrow("train(communicator): expected equal weights on every rank after step 0, got norms ");
  });
});
