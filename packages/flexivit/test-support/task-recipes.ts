import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun, type LocalRun } from "@flexivit/run-log";
import { vitConfig } from "@flexivit/vit";
import { taskDefaults, type HeadConfigs, type HeadTask, type TaskRecipe } from "../src/index.ts";

export const vit = vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { patchSize: [8, 8], positionGrid: [4, 4] });

/** A head of each task for `scenes`. */
export const heads: HeadConfigs = {
  detect: { dim: 32, classes: 2, predictors: { kind: "tokens" }, objective: "softmax", masks: { dim: 8 } },
  segment: { kind: "linear", dim: 32, classes: 3 },
  depth: { dim: 32, blocks: ["0", "tokens"], stridesPx: [2, 4], width: 16, depth: { kind: "log", nearest: 1, farthest: 8 }, normals: true },
};

/** A recipe that learns a few scenes by heart, in pictures of 24x24 px at three patch sizes. */
export function recipeOf<T extends HeadTask>(task: T, changes: Partial<TaskRecipe<T>> = {}): TaskRecipe<T> {
  return {
    ...taskDefaults,
    task,
    vit,
    head: heads[task],
    imageSizePx: 24,
    patchSizes: ["8", "6", "4"],
    evaluatePatchSizes: ["8", "4"],
    trainFraming: { kind: "squash", resampling: "pil-bilinear" },
    batchSize: 4,
    steps: 100,
    optimizer: { kind: "adamw", learningRate: 5e-3, weightDecay: 1e-4 },
    schedule: { kind: "cosine", warmupSteps: 10 },
    evaluateEvery: 100,
    checkpointEvery: 100,
    ...changes,
  } as TaskRecipe<T>;
}

/** An open run in a new folder, or in one that holds it already. */
export async function newRun(config: object, folder?: string): Promise<LocalRun> {
  return openRun({ folder: folder ?? (await mkdtemp(join(tmpdir(), "flexivit-task-"))), name: "task", config, resume: folder !== undefined, report: false });
}
