import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImageSource } from "@flexivit/data";
import { Command } from "commander";
import { addTrainFlags, type TrainFlags } from "./commands/train-flags.ts";
import { checkRecipe } from "./recipe.ts";
import { planOf, recipeOf } from "./train-plan.ts";

const flagsOf = (...args: string[]): TrainFlags => addTrainFlags(new Command()).exitOverride().parse(args, { from: "user" }).opts<TrainFlags>();
const sourceOf = (size: number, channels: 1 | 3): ImageSource => ({ size, channels, classes: ["a", "b"], labels: new Int32Array(size), name: String, read: () => {} });
const recipe = (name: string, size: number, channels: 1 | 3, ...args: string[]) => {
  const flags = flagsOf("--data", name, ...args);
  return recipeOf(flags, planOf(flags), { name, training: sourceOf(size, channels), task: "single-label" });
};

describe("the recipe of flexivit train", () => {
  it("is the paper's for a folder: ten sizes at 240 px, a kernel of 32x32, 90 epochs", () => {
    expect(recipe("pictures", 1000, 3)).toMatchObject({
      imageSizePx: 240,
      patchSizes: ["48", "40", "30", "24", "20", "16", "15", "12", "10", "8"],
      vit: { dim: 384, depth: 12, channels: 3, patchSize: [32, 32], positionGrid: [7, 7], pooling: "gap" },
      steps: 703, // 90 * 1000 / 128
      optimizer: { kind: "adamw", learningRate: 1e-3, weightDecay: 1e-4 },
      schedule: { kind: "cosine", warmupSteps: 35 },
      evaluateEvery: 70,
      checkpointEvery: 70,
      trainFraming: { kind: "inception-crop", flip: true },
      testFraming: { kind: "shorter-side", cropFraction: 0.95 },
    });
  });

  it("is made for small grey pictures with a packaged set: five sizes at 24 px, a kernel of 12x12, shifted crops", () => {
    expect(recipe("fashion-mnist", 59_990, 1)).toMatchObject({
      imageSizePx: 24,
      patchSizes: ["12", "8", "6", "4", "3"],
      vit: { dim: 32, depth: 1, channels: 1, patchSize: [12, 12] },
      steps: 2343, // 5 * 59,990 / 128
      trainFraming: { kind: "pad-crop", flip: true },
      testFraming: { kind: "centre-crop" },
    });
  });

  it("mirrors no digit, and nothing with --no-flip; enlarges packaged pictures where more pixels are asked for", () => {
    expect(recipe("mnist", 60_000, 1).trainFraming).toEqual({ kind: "pad-crop", flip: false });
    expect(recipe("pictures", 10, 3, "--no-flip").trainFraming).toEqual({ kind: "inception-crop", flip: false });
    expect(recipe("fashion-mnist", 10, 1, "--image-size", "32")).toMatchObject({
      trainFraming: { kind: "inception-crop", area: [0.5, 1], flip: true },
      testFraming: { kind: "squash" },
    });
  });

  it("stores a fixed model at its own size, with overlap and rectangles too", () => {
    expect(recipe("pictures", 10, 3, "--patch-sizes", "16").vit).toMatchObject({ patchSize: [16, 16], positionGrid: [15, 15] });
    expect(recipe("pictures", 10, 3, "--image-size", "24", "--patch-sizes", "12x8/6x4").vit).toMatchObject({ patchSize: [12, 8], positionGrid: [3, 5] });
  });

  it("takes any optimiser with its own settings, a factor per layer and another course of the learning rate", () => {
    expect(recipe("pictures", 100, 3, "--optimizer", "rmsprop", "--momentum", "0.9", "--layer-decay", "0.75", "--schedule", "linear")).toMatchObject({
      optimizer: { kind: "rmsprop", learningRate: 1e-3, momentum: 0.9, layerDecay: 0.75 },
      schedule: { kind: "linear" },
    });
    expect(recipe("pictures", 100, 3, "--optimizer", "sgd").optimizer).toEqual({ kind: "sgd", learningRate: 1e-3 });
    expect(() => checkRecipe(recipe("pictures", 100, 3, "--optimizer", "sgd", "--b2", "0.9"))).toThrow(
      "sgd(options): expected settings out of learningRate, momentum, nesterov, weightDecay, decayMask, got \"b2\". Correct its name or leave it out.",
    );
  });

  it("never warms up for as many steps as there are", () => {
    expect(recipe("pictures", 1, 3, "--steps", "1")).toMatchObject({ steps: 1, schedule: { warmupSteps: 0 }, evaluateEvery: 1, checkpointEvery: 1 });
  });

  it("draws by weights, gaussian, linear, by equal cost, or as a file says, and logs that as data", async () => {
    const drawOf = (...args: string[]) => recipe("mnist", 1000, 1, "--patch-sizes", "12,6", ...args).draw;
    expect(drawOf()).toBeUndefined();
    expect(drawOf("--draw", "uniform")).toBeUndefined();
    expect(drawOf("--patch-weights", "1,3")).toMatchObject({ kind: "categorical", weights: [1, 3] });
    expect(drawOf("--draw", "gaussian", "--draw-centre", "8", "--draw-std", "2")).toMatchObject({ kind: "gaussian", centrePx: 8, stdPx: 2 });
    expect(drawOf("--draw", "linear", "--patch-weights", "1,0.5")).toMatchObject({ kind: "linear", weightAtSmallest: 1, weightAtLargest: 0.5 });
    expect(drawOf("--draw", "cost-equalised")).toMatchObject({ kind: "cost-equalised", imageSize: 24, model: { dim: 32, depth: 1, hiddenDim: 128, channels: 1 } });
    const file = join(await mkdtemp(join(tmpdir(), "flexivit-schemes-")), "schemes.json");
    const early = { kind: "categorical", schemes: [12, "8"] };
    const late = { kind: "mixture", distributions: [early, { kind: "gaussian", schemes: ["6/3"], centrePx: 8, stdPx: 2 }] };
    await writeFile(file, JSON.stringify({ kind: "sequence", stages: [{ fromStep: 0, untilStep: 5, distribution: early }, { fromStep: 5, distribution: late }] }));
    const { patchSizes, evaluatePatchSizes, draw } = recipe("mnist", 1000, 1, "--schemes", file);
    expect([patchSizes, evaluatePatchSizes]).toEqual([["12", "8", "6x6/3x3"], ["12", "8", "6x6/3x3"]]);
    expect(draw).toMatchObject({ kind: "sequence", stages: [{ untilStep: 5 }, { fromStep: 5, distribution: { kind: "mixture" } }] });
  });

  it("refuses sizes that do not fit before the data is opened", () => {
    expect(() => planOf(flagsOf("--data", "nowhere", "--patch-sizes", "48,7"))).toThrow(/^gridOf\(imageSize\): expected patches of 7x7 to cover the image 240x240/);
    expect(planOf(flagsOf("--data", "nowhere", "--patch-sizes", "48,7", "--remainder", "crop")).patchSizes).toEqual(["48", "7"]);
  });
});
