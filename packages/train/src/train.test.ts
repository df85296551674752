import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { adamw, scheduleAt, type Schedule } from "@flexivit/optim";
import { drawScheme, formatScheme, uniform } from "@flexivit/patch-schemes";
import type { Logger } from "@flexivit/run-log";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { bytesOf, tinyBatch, tinyOptions, tinyParams, type TinyParams } from "../test-support/tiny-problem.ts";
import { train } from "./index.ts";

type Row = Record<string, number | string> & { step: number };

/** A Logger that keeps what it is told. */
function memoryLogger(): Logger & { rows: Row[]; told: unknown[]; values: Record<string, unknown>; hashes: Map<string, string | undefined> } {
  const rows: Row[] = [];
  const told: unknown[] = [];
  const values = {};
  const hashes = new Map<string, string | undefined>();
  return {
    rows,
    hashes,
    told,
    values,
    log: (row, step) => void rows.push({ ...row, step }),
    summary: (more) => void Object.assign(values, more),
    artifact: ({ kind, step, path, sha256 }) => void (told.push([kind, step]) && hashes.set(path, sha256)),
    resumeFrom: (step) => void told.push(["resume", step]),
    finish: async () => {},
  };
}

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), "train-"));

describe("train", () => {
  it("brings the loss of a linear regression on patches below a tenth in 60 steps", async () => {
    const logger = memoryLogger();
    const { status, step, params } = await train(tinyOptions({ steps: 60, logger }));
    expect([status, step]).toEqual(["finished", 60]);
    const mean = (rows: Row[]): number => rows.reduce((sum, { loss }) => sum + Number(loss), 0) / rows.length;
    expect(mean(logger.rows.slice(-10))).toBeLessThan(0.1 * mean(logger.rows.slice(0, 10)));
    tf.dispose(params);
  });

  it("takes at each step the scheme that drawScheme(seed, step) draws, for loss and log alike", async () => {
    const schemes = uniform([6, 3, [2, 3]]);
    const logger = memoryLogger();
    const seen: string[] = [];
    const options = tinyOptions({ schemes, seed: 5, steps: 12, logger });
    const { loss } = options;
    const { params } = await train({
      ...options,
      loss: (weights, batch, context) => {
        seen[context.step] = formatScheme(context.scheme);
        return loss(weights, batch, context);
      },
    });
    const drawn = Array.from({ length: 12 }, (_, step) => formatScheme(drawScheme(schemes, 5, step)));
    expect(new Set(drawn).size).toBe(3);
    expect(seen).toEqual(drawn);
    expect(logger.rows.map(({ patchSize }) => patchSize)).toEqual(drawn);
    tf.dispose(params);
  });

  it("logs loss, further terms, gradient norm, learning rate, patch size and speed of every step", async () => {
    const logger = memoryLogger();
    const schedule: Schedule = { kind: "linear", totalSteps: 4, warmupSteps: 1 };
    const reports: unknown[] = [];
    const { params } = await train(tinyOptions({ steps: 4, schedule, logger, onStep: (report) => reports.push(report) }));
    expect(logger.told).toEqual([["resume", 0]]);
    expect(logger.rows.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const [index, row] of logger.rows.entries()) {
      expect(Object.keys(row).sort()).toEqual(["gradientNorm", "imagesPerSecond", "largestError", "learningRate", "loss", "patchSize", "step"]);
      expect(row["learningRate"]).toBe(0.05 * scheduleAt(schedule, index));
      expect(row["imagesPerSecond"]).toBeGreaterThan(0);
      const { loss, patchSize, imagesPerSecond } = row;
      expect(reports[index]).toEqual({ step: index + 1, steps: 4, loss, patchSize, imagesPerSecond });
    }
    tf.dispose(params);
  });

  it("evaluates every 3 steps and at the end, on the average where there is one, and keeps the last figures", async () => {
    const logger = memoryLogger();
    const measured: { step: number; bytes: string }[] = [];
    const evaluations: unknown[] = [];
    const { params, ema, evaluation } = await train(
      tinyOptions({
        logger,
        emaDecay: 0.9,
        onEvaluation: (figures, step) => evaluations.push([step, figures["accuracy/3"]]),
        evaluate: {
          every: 3,
          run: async (weights, step) => {
            measured.push({ step, bytes: bytesOf(weights) });
            return { "accuracy/3": step / 10 };
          },
        },
      }),
    );
    expect(measured.map(({ step }) => step)).toEqual([3, 6, 7]);
    expect(measured[2].bytes).toBe(bytesOf(ema!));
    expect(measured[2].bytes).not.toBe(bytesOf(params));
    expect(logger.rows.filter((row) => "accuracy/3" in row)).toEqual([3, 6, 7].map((step) => ({ "accuracy/3": step / 10, step })));
    expect(evaluations).toEqual([[3, 0.3], [6, 0.6], [7, 0.7]]);
    expect([evaluation, logger.values]).toEqual([{ "accuracy/3": 0.7 }, { "accuracy/3": 0.7 }]);
    tf.dispose([params, ema!]);
  });

  it("writes a checkpoint every 3 steps and at the end, keeps 2, and tells the logger each one's name and hash", async () => {
    const folder = await temporary();
    const logger = memoryLogger();
    const { params, checkpoint } = await train(tinyOptions({ logger, checkpoints: { folder, every: 3 } }));
    expect(await readdir(folder)).toEqual(["step-00000006.safetensors", "step-00000007.safetensors"]);
    expect(checkpoint).toBe(join(folder, "step-00000007.safetensors"));
    expect(logger.told).toEqual([["resume", 0], ["checkpoint", 3], ["checkpoint", 6], ["checkpoint", 7]]);
    for (const name of await readdir(folder)) {
      const bytes = await readFile(join(folder, name));
      expect(logger.hashes.get(join(folder, name))).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
    tf.dispose(params);
  });

  it("keeps as many checkpoints as `keep` says", async () => {
    const folder = await temporary();
    const { params } = await train(tinyOptions({ checkpoints: { folder, every: 2, keep: 3 } }));
    expect(await readdir(folder)).toEqual([4, 6, 7].map((step) => `step-0000000${step}.safetensors`));
    tf.dispose(params);
  });
});

describe("the update", () => {
  /** kernel [3] and bias [] of a regression without patches, in float64. */
  type Reference = { kernel: number[]; bias: number };
  const x = [[0.5, -1, 2], [1.5, 0.25, -0.75], [-2, 1, 0.5], [0.3, 0.7, -1.1], [1, 1, 1]];
  const y = [1, -2, 0.5, 3, -1];
  const schedule: Schedule = { kind: "cosine", totalSteps: 5, warmupSteps: 2 };
  const settings = { learningRate: 0.1, weightDecay: 0.3 };

  function gradientOf({ kernel, bias }: Reference): { loss: number; gradient: number[] } {
    const errors = x.map((row, i) => row.reduce((sum, value, j) => sum + value * kernel[j], bias) - y[i]);
    const columns = [0, 1, 2].map((j) => x.map((row) => row[j])).concat([x.map(() => 1)]);
    const gradient = columns.map((column) => (2 * column.reduce((sum, value, i) => sum + value * errors[i], 0)) / y.length);
    return { loss: errors.reduce((sum, error) => sum + error * error, 0) / y.length, gradient };
  }

  /** AdamW with b1 0.9, b2 0.999, epsilon 1e-8; gradients clipped to norm 1; decay of the kernel alone, times the schedule. */
  function referenceSteps(steps: number): { params: Reference; average: number[]; rows: { loss: number; norm: number; rate: number }[] } {
    let w = [0.2, -0.4, 0.6, 0.1];
    let average = [...w];
    let [m, v] = [[0, 0, 0, 0], [0, 0, 0, 0]];
    const rows = [];
    for (let t = 1; t <= steps; t++) {
      const { loss, gradient } = gradientOf({ kernel: w.slice(0, 3), bias: w[3] });
      const norm = Math.hypot(...gradient);
      const clipped = gradient.map((g) => (norm > 1 ? g / norm : g));
      const factor = t - 1 < 2 ? (t - 1) / 2 : (1 + Math.cos((Math.PI * (t - 1 - 2)) / 3)) / 2;
      m = m.map((old, i) => 0.9 * old + 0.1 * clipped[i]);
      v = v.map((old, i) => 0.999 * old + 0.001 * clipped[i] ** 2);
      w = w.map((old, i) => {
        const step = (0.1 * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
        return old - factor * (step + (i < 3 ? 0.3 * old : 0));
      });
      average = average.map((old, i) => 0.75 * old + 0.25 * w[i]);
      rows.push({ loss, norm, rate: 0.1 * factor });
    }
    return { params: { kernel: w.slice(0, 3), bias: w[3] }, average, rows };
  }

  it("by AdamW, clipping, cosine with warm-up and averaging equals float64 arithmetic over 4 steps", async () => {
    const logger = memoryLogger();
    const { params, ema } = await train<{ kernel: tf.Tensor1D; bias: tf.Scalar }, { x: tf.Tensor2D; y: tf.Tensor1D }>({
      init: () => ({ kernel: tf.tensor1d([0.2, -0.4, 0.6]), bias: tf.scalar(0.1) }),
      batch: async () => ({ x: tf.tensor2d(x), y: tf.tensor1d(y) }),
      loss: ({ kernel, bias }, batch) => {
        const answers = tf.add(tf.sum(tf.mul(batch.x, kernel), 1), bias);
        return { loss: tf.mean<tf.Scalar>(tf.squaredDifference(answers, batch.y)) };
      },
      schemes: uniform([1]),
      optimizer: adamw(settings),
      schedule,
      steps: 4,
      seed: 0,
      clipNorm: 1,
      emaDecay: 0.75,
      logger,
    });
    const expected = referenceSteps(4);
    // A few roundings of float32, 6e-8 each, grow through four divisions by sqrt(v).
    const tolerance = { relative: 2e-6 };
    expect(expected.rows[0].norm).toBeGreaterThan(1); // so that clipping acts
    expectClose(params.kernel, expected.params.kernel, tolerance);
    expectClose(params.bias, expected.params.bias, tolerance);
    expectClose([...ema!.kernel.dataSync(), ...ema!.bias.dataSync()], expected.average, tolerance);
    expectClose(logger.rows.map(({ loss }) => Number(loss)), expected.rows.map(({ loss }) => loss), tolerance);
    expectClose(logger.rows.map((row) => Number(row["gradientNorm"])), expected.rows.map(({ norm }) => norm), tolerance);
    expectClose(logger.rows.map((row) => Number(row["learningRate"])), expected.rows.map(({ rate }) => rate), { absolute: 1e-15 });
    tf.dispose([params, ema!]);
  });

  it("keeps as average d^n w0 + (1 - d) (d^(n-1) w1 + ... + wn)", async () => {
    const [decay, steps] = [0.6, 5];
    const biases = [0.25]; // of tinyParams
    const { params, ema } = await train(
      tinyOptions({
        steps,
        emaDecay: decay,
        evaluate: { every: 1, run: async () => ({}) },
        loss: ({ kernel, bias }, _batch, { step }) => {
          if (step > 0) biases.push(bias.dataSync()[0]);
          return { loss: tf.add(tf.square(bias), tf.mul(0.001, tf.sum(kernel))) };
        },
      }),
    );
    biases.push(params.bias.dataSync()[0]);
    const average = biases.slice(1).reduce((sum, bias, i) => sum + (1 - decay) * decay ** (steps - 1 - i) * bias, decay ** steps * biases[0]);
    expectClose(ema!.bias, average, { relative: 1e-6 }); // five float32 averages
    expect(Math.abs(average - biases[steps])).toBeGreaterThan(0.01);
    tf.dispose([params, ema!]);
  });
});

describe("numbers that are not finite", () => {
  it("stop training at step 4, name step and last good checkpoint, and leave that checkpoint's weights", async () => {
    const folder = await temporary();
    const optionsOf = (steps: number, isBad: (step: number) => boolean) => {
      const options = tinyOptions({ steps, checkpoints: { folder, every: 2 } });
      return { ...options, batch: async (step: number) => (isBad(step) ? withNaN(step) : tinyBatch(step)) };
    };
    const path = join(folder, "step-00000002.safetensors");
    const size = formatScheme(drawScheme(uniform([6, 3, [2, 3]]), 11, 3));
    await expect(train(optionsOf(7, (step) => step === 3))).rejects.toThrow(
      new Error(
        `train(loss): expected finite losses, gradients and weights, got loss NaN and gradient norm NaN at step 4 (patch size ${size}, learning rate 0.05). ` +
          `The last good checkpoint is ${path}: go on from it with a lower learning rate, a longer warm-up or a smaller clipNorm.`,
      ),
    );
    expect(await readdir(folder)).toEqual(["step-00000002.safetensors"]);
    const healed = await train(optionsOf(7, () => false));
    const unbroken = await train(tinyOptions());
    expect(bytesOf(healed.params)).toBe(bytesOf(unbroken.params));
    tf.dispose([healed.params, unbroken.params]);
  });

  it("are never saved: weights that a finite gradient threw off leave no checkpoint", async () => {
    const folder = await temporary();
    const options = tinyOptions({ steps: 2, checkpoints: { folder, every: 1 } });
    const optimizer = { ...options.optimizer, update: () => ({ param: tf.scalar(Number.POSITIVE_INFINITY), slots: {} }) };
    await expect(train({ ...options, optimizer })).rejects.toThrow(
      new Error(
        "train(loss): expected finite losses, gradients and weights, got weights of norm Infinity after step 1. " +
          "There is no checkpoint yet: start again with a lower learning rate, a longer warm-up or a smaller clipNorm.",
      ),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  const withNaN = (step: number) => {
    const { images, targets } = tinyBatch(step);
    targets.dispose();
    return { images, targets: tf.fill([4], Number.NaN) as tf.Tensor1D };
  };
});

describe("options", () => {
  it.each([
    [{ steps: 0 }, "train(steps): expected a whole number of at least 1, got 0. Set steps to a positive whole number."],
    [{ accumulate: 1.5 }, "train(accumulate): expected a whole number of at least 1, got 1.5. Set accumulate to a positive whole number."],
    [
      { evaluate: { every: -1, run: async () => ({}) } },
      "train(evaluate.every): expected a whole number of at least 1, got -1. Set evaluate.every to a positive whole number.",
    ],
    [
      { checkpoints: { folder: "nowhere", every: Number.NaN } },
      "train(checkpoints.every): expected a whole number of at least 1, got NaN. Set checkpoints.every to a positive whole number.",
    ],
    [
      { checkpoints: { folder: "nowhere", every: 1, keep: 0 } },
      "train(checkpoints.keep): expected a whole number of at least 1, got 0. Set checkpoints.keep to a positive whole number.",
    ],
    [{ emaDecay: 1 }, "train(emaDecay): expected a number from 0 up to, not including, 1, got 1. Try 0.999, or 0 for no average."],
    [{ clipNorm: 0 }, "train(clipNorm): expected a positive number, got 0. Try 1, or leave it out to clip nothing."],
  ])("refuse %o", async (changes, message) => {
    const init = () => {
      throw new Error("weights were made before the options were looked at");
    };
    await expect(train(tinyOptions({ ...changes, init }))).rejects.toThrow(new Error(message));
  });
});

describe("memory", () => {
  it("holds no tensor after training but the weights and their average", async () => {
    const folder = await temporary();
    let runs = 0;
    await expectNoLeak(async () => {
      const checkpoints = { folder: join(folder, String(runs++)), every: 2 };
      const { params, ema } = await train(tinyOptions({ clipNorm: 1, emaDecay: 0.9, accumulate: 2, batch: async (step, part) => tinyBatch(step, part, 2), checkpoints }));
      return [params, ema!];
    });
  });

  it("holds no tensor after a resume, a stop, or an error in loss, batch or evaluation", async () => {
    const folder = await temporary();
    const checkpoints = { folder, every: 1 };
    tf.dispose((await train(tinyOptions({ steps: 2, checkpoints }))).params as unknown as tf.TensorContainer);
    const fail = () => {
      throw new Error("refused");
    };
    const half = async (step: number, part: number) => (part === 1 ? fail() : tinyBatch(step, part, 2));
    await expectNoLeak(async () => {
      await expect(train(tinyOptions({ loss: fail }))).rejects.toThrow("refused");
      await expect(train(tinyOptions({ accumulate: 2, batch: half }))).rejects.toThrow("refused");
      await expect(train(tinyOptions({ evaluate: { every: 1, run: fail } }))).rejects.toThrow("refused");
      await expect(train(tinyOptions({ seed: 3, checkpoints }))).rejects.toThrow("train(seed)");
      const { params } = await train(tinyOptions({ steps: 2, checkpoints, signal: AbortSignal.abort() }));
      return params as TinyParams;
    });
  });

  it("peaks at one copy of state and gradients: the same number of tensors after every step", async () => {
    const counts = new Set<number>();
    const { params } = await train(tinyOptions({ steps: 5, emaDecay: 0.9, init: tinyParams, onStep: () => counts.add(tf.memory().numTensors) }));
    expect(counts.size).toBe(1);
    tf.dispose(params);
  });
});
