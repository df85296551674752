import { rm } from "node:fs/promises";
import { disposeTree, leaves } from "@flexivit/params";
import { ranksInProcess } from "@flexivit/parallel";
import { readRun } from "@flexivit/run-log";
import type { Figures } from "@flexivit/train";
import { expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { newRun, recipeOf, vit } from "../../test-support/task-recipes.ts";
import { scenes } from "../../test-support/scenes.ts";
import { trainTask, type HeadTask, type TaskContext, type TaskRecipe, type TaskSources, type TrainedTask } from "../index.ts";
import { runOfOthers } from "../training-run.ts";

const few = scenes(4, 1);
const sources: TaskSources = { detect: few.objects, segment: few.labels, depth: few.surfaces };

/** The weights of a training as plain numbers, and the figures of its last evaluation. */
type Outcome = { status: string; step: number; weights: Record<string, number[]>; figures: Figures; folder: string };

async function trained<T extends HeadTask>(recipe: TaskRecipe<T>, context: Partial<TaskContext<T>> = {}, folder?: string): Promise<Outcome> {
  const run = await newRun(recipe, folder);
  let figures: Figures = {};
  const source = sources[recipe.task];
  const result: TrainedTask<T> = await trainTask(recipe, { training: source, test: source, run, onEvaluation: (found) => (figures = found), ...context });
  await run.finish(result.status);
  const weights = Object.fromEntries(leaves(result.model.params).map(({ path, tensor }) => [path, [...tensor.dataSync()]]));
  disposeTree(result.model.params);
  return { status: result.status, step: result.step, weights, figures, folder: run.folder };
}

describe("trainTask", () => {
  it("learns the objects of 4 scenes by heart: boxes and masks get an AP50 above 0.4 at patch sizes 8 and 4", async () => {
    const { figures, folder } = await trained(recipeOf("detect"));
    for (const name of ["AP50/8", "AP50/4", "maskAP50/8", "maskAP50/4"]) expect(figures[name], name).toBeGreaterThan(0.4);
    const { rows, summary } = await readRun(folder);
    expect(Object.keys(rows[0])).toEqual(expect.arrayContaining(["loss", "classLoss", "l1Loss", "giouLoss", "maskLoss", "diceLoss", "patchSize"]));
    expect(summary.values["AP50/4"]).toBe(figures["AP50/4"]);
    await rm(folder, { recursive: true });
  });

  it("learns the classes of the pixels of 4 scenes, with Dice beside cross-entropy: mean IoU above 0.45 at patch size 8 and 0.75 at 4, where walls alone have 0.25", async () => {
    const { figures, folder } = await trained(recipeOf("segment", { loss: { dice: 1 } }));
    expect(figures["meanIou/8"]).toBeGreaterThan(0.45);
    expect(figures["meanIou/4"]).toBeGreaterThan(0.75);
    const { rows } = await readRun(folder);
    expect(rows[0]["loss"]).toBeCloseTo(Number(rows[0]["crossEntropy"]) + Number(rows[0]["dice"]), 5);
    await rm(folder, { recursive: true });
  });

  it("learns depths and normals together: RMSE below 0.6 m and a mean angle below 6 degrees, where one value for all has 1 m and 7 degrees", async () => {
    const { figures, folder } = await trained(recipeOf("depth"));
    for (const size of ["8", "4"]) {
      expect(figures[`rmse/${size}`]).toBeLessThan(0.6);
      expect(figures[`normalMean/${size}`]).toBeLessThan(6);
    }
    await rm(folder, { recursive: true });
  });

  it("stopped after 5 of 9 steps, in two parts each with an average and drop path, goes on to the same bits", async () => {
    const recipe = recipeOf("segment", { steps: 9, accumulate: 2, emaDecay: 0.5, schedule: { kind: "constant" }, evaluateEvery: 4, checkpointEvery: 3, trainFraming: { kind: "scale-crop" } });
    const varied = { ...recipe, vit: { ...recipe.vit, dropPath: 0.3 } };
    const whole = await trained(varied);
    const stop = new AbortController();
    const half = await trained(varied, { signal: stop.signal, onStep: ({ step }) => step === 5 && stop.abort() });
    expect([half.status, half.step]).toEqual(["stopped", 5]);
    const resumed = await trained(varied, {}, half.folder);
    expect([resumed.status, resumed.step]).toEqual(["finished", 9]);
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.figures).toEqual(whole.figures);
    await Promise.all([whole, half].map(({ folder }) => rm(folder, { recursive: true })));
  });

  it("of two ranks gives the bits that one process with two parts has, drop path included", async () => {
    const recipe = recipeOf("depth", { vit: { ...vit, dropPath: 0.5 }, steps: 3, accumulate: 2, schedule: { kind: "constant" }, evaluateEvery: 3 });
    const one = await trained(recipe);
    const run = await newRun(recipe);
    const [first, second] = await Promise.all(
      ranksInProcess(2).map(async (communicator, rank) => {
        const own = rank === 0 ? run : runOfOthers({ folder: run.folder, name: run.name });
        const { model } = await trainTask(recipe, { training: few.surfaces, test: few.surfaces, run: own, communicator });
        return model;
      }),
    );
    await run.finish("finished");
    for (const { params } of [first, second]) {
      expect(Object.fromEntries(leaves(params).map(({ path, tensor }) => [path, [...tensor.dataSync()]]))).toEqual(one.weights);
      disposeTree(params);
    }
    expect((await readRun(run.folder)).summary.values["rmse/4"]).toBe(one.figures["rmse/4"]);
    await Promise.all([run, one].map(({ folder }) => rm(folder, { recursive: true })));
  });

  it("leaves no tensor behind but the weights that it returns", async () => {
    for (const task of ["detect", "segment", "depth"] as const) {
      await expectNoLeak(async () => void (await trained(recipeOf<HeadTask>(task, { steps: 2, schedule: { kind: "constant" }, evaluateEvery: 1, emaDecay: 0.9 }))));
    }
  });
});
