import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { resizeVit } from "@flexivit/checkpoint";
import { disposeTree, leaves } from "@flexivit/params";
import { sha256Of } from "@flexivit/run-log";
import { categorical } from "@flexivit/patch-schemes";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { vitConfig } from "@flexivit/vit";
import { describe, expect, it } from "vitest";
import { heads, newRun, recipeOf, vit } from "../../test-support/task-recipes.ts";
import { scenes } from "../../test-support/scenes.ts";
import { firstTaskWeights } from "./first-task-weights.ts";
import { checkTaskRecipe, initClassifierWeights, loadTaskModel, saveModel, trainTask, type HeadTask, type TaskModel, type TaskRecipe, type TaskSources } from "../index.ts";

const few = scenes(4, 3);
const sources: TaskSources = { detect: few.objects, segment: few.labels, depth: few.surfaces };

describe("checkTaskRecipe", () => {
  it.each([
    [{ task: "classify" as HeadTask }, 'checkTaskRecipe(task): expected one of detect, segment, depth, got "classify". Use one of these.'],
    [{ head: { ...heads.segment, dim: 16 } }, "checkTaskRecipe(head.dim): expected 32, as the backbone has, got 16. Set head.dim to 32."],
    [{ head: { ...heads.segment, classes: 0 } }, "initSegmenter(classes): expected a whole number above 0, got 0. Correct the config."],
    [{ batchSize: 5, accumulate: 2 }, "checkTaskRecipe(accumulate): expected equal parts of a batch of 5, got 2 parts. Choose parts whose number divides the batch."],
    [{ draw: categorical(["12"], [1]) }, "checkTaskRecipe(draw): expected draws from patch sizes 8, 6, 4, got 12. Add it to patchSizes."],
  ])("refuses %o", (changes, message) => {
    expect(() => checkTaskRecipe(recipeOf("segment", changes as Partial<TaskRecipe<"segment">>))).toThrow(new Error(message));
  });

  it("refuses blocks and a class token that the backbone does not have, and keeps no tensor of a head that it has tried", () => {
    const recipe = recipeOf("depth", { head: { ...heads.depth, blocks: ["2", "tokens"] } });
    expect(() => checkTaskRecipe(recipe)).toThrow(new Error('checkTaskRecipe(head.blocks): expected some of 0, 1, tokens, got "2". Name blocks by their index, from 0.'));
    expectNoLeak(() => checkTaskRecipe(recipeOf("depth")));
    const lastToken = { ...vit, classToken: { value: "zeros", at: "last", position: false } as const };
    expect(() => checkTaskRecipe(recipeOf("depth", { vit: lastToken }))).toThrow(
      new Error("checkTaskRecipe(head.classTokenLast): expected true, as the backbone has it, got false. Set it so."),
    );
    checkTaskRecipe(recipeOf("depth", { vit: lastToken, head: { ...heads.depth, classTokenLast: true } }));
  });
});

describe("trainTask refuses", () => {
  const refusal = async <T extends HeadTask>(recipe: TaskRecipe<T>, changed: Partial<TaskSources> = {}) => {
    const run = await newRun(recipe);
    const source = { ...sources, ...changed }[recipe.task];
    const message = await trainTask(recipe, { training: source, test: source, run }).catch((error: Error) => error.message);
    await run.finish("failed");
    await rm(run.folder, { recursive: true });
    return message;
  };

  it("a head for other classes or maps than the data has", async () => {
    expect(await refusal(recipeOf("segment", { head: { ...heads.segment, classes: 2 } }))).toBe("trainTask(head.classes): expected 3, as the data has, got 2. Set head.classes to 3.");
    const many = Array.from({ length: 256 }, (_, i) => `class ${i}`);
    expect(await refusal(recipeOf("segment", { head: { ...heads.segment, classes: 256 } }), { segment: { ...few.labels, classes: many } })).toBe(
      "trainTask(source.classes): expected at most 255, as label 255 stands for no class, got 256. Merge classes or leave some out.",
    );
    expect(await refusal(recipeOf("depth"), { depth: few.depth })).toBe(
      "trainTask(head.normals): expected one of depth, as the data has, got normals. Leave it out of the head, or add such maps to the data.",
    );
  });

  it("crops of a random scale for objects, which would part from their pixels", async () => {
    expect(await refusal(recipeOf("detect", { trainFraming: { kind: "scale-crop" } }))).toBe(
      'trainTask(trainFraming): expected a framing of pictures with objects, got "scale-crop". Use "inception-crop".',
    );
  });

  it("a file to start from that has changed, or holds another backbone", async () => {
    const { file, done } = await trainedFile(recipeOf("segment", { steps: 1, schedule: { kind: "constant" } }));
    const message = `firstWeights(from): expected the model that this recipe was made for, got another in ${file}. Make the recipe again.`;
    await expectNoLeak(async () => {
      expect(await refusal(recipeOf("segment", { from: { file, sha256: "00" } }))).toBe(message);
    });
    const deeper = recipeOf("segment", { vit: vitConfig({ dim: 32, depth: 3, hiddenDim: 64, heads: 2 }, { patchSize: [8, 8], positionGrid: [4, 4] }), from: { file, sha256: await sha256Of(file) } });
    expect(await refusal(deeper)).toBe(message);
    await done();
  });
});

/** Trains, and gives the file and what it was trained to. */
async function trainedFile<T extends HeadTask>(recipe: TaskRecipe<T>): Promise<{ file: string; weights: Map<string, Float32Array>; done: () => Promise<void> }> {
  const run = await newRun(recipe);
  const { file, model } = await trainTask(recipe, { training: sources[recipe.task], test: sources[recipe.task], run });
  await run.finish("finished");
  const weights = weightsOf(model);
  disposeTree(model.params);
  return { file, weights, done: () => rm(dirname(file), { recursive: true }) };
}

const weightsOf = <T extends HeadTask>({ params }: TaskModel<T>): Map<string, Float32Array> => new Map(leaves(params).map(({ path, tensor }) => [path, Float32Array.from(tensor.dataSync())]));

describe("a recipe with from and freeze", () => {
  const still = { steps: 1, schedule: { kind: "constant" } as const };

  it("keeps a classifier's backbone to the bit while a new head is trained", async () => {
    const params = initClassifierWeights(vit, 3, 0, 9);
    const { file: other, done: doneOther } = await trainedFile(recipeOf("depth", still));
    const file = join(dirname(other), "classifier.safetensors");
    await saveModel(file, { params, info: { vit, classes: ["a", "b", "c"], imageSizePx: 24, framing: { kind: "squash" }, patchSizes: ["8"] } });
    const { weights, done } = await trainedFile(recipeOf("segment", { ...still, freeze: ["backbone"], from: { file, sha256: await sha256Of(file) } }));
    for (const { path, tensor } of leaves(params.backbone)) expectClose(weights.get(`backbone/${path}`)!, tensor);
    expect(Math.max(...weights.get("head/linear/kernel")!.map(Math.abs))).toBeGreaterThan(0); // it begins with zeros
    disposeTree(params);
    await Promise.all([done(), doneOther()]);
  });

  it("stores a backbone of 8x8 patches and 4x4 positions at 12x12 and 3x3, as resizeVit does", async () => {
    const first = await trainedFile(recipeOf("segment", still));
    const stored = { patchSize: [12, 12], positionGrid: [3, 3] } as const;
    const from = { file: first.file, sha256: await sha256Of(first.file) };
    const { weights, done } = await trainedFile(recipeOf("depth", { ...still, from, vit: { ...vit, ...stored }, patchSizes: ["12"], freeze: ["backbone"] }));
    const before = await loadTaskModel(first.file);
    const resized = resizeVit({ params: before.params.backbone, config: vit }, stored);
    for (const { path, tensor } of leaves(resized.params)) expectClose(weights.get(`backbone/${path}`)!, tensor);
    disposeTree(before.params, resized.params);
    await Promise.all([first.done(), done()]);
  });

  it("leaves no head behind where the backbone cannot be stored at the recipe's sizes", async () => {
    const stem = { ...vit, embedder: { kind: "conv-stem", channels: [4] } } as const;
    const first = await trainedFile(recipeOf("segment", { ...still, vit: stem }));
    const recipe = recipeOf("segment", { ...still, vit: { ...stem, patchSize: [12, 12] }, from: { file: first.file, sha256: await sha256Of(first.file) } });
    const info = { task: "segment", vit: recipe.vit, head: recipe.head, classes: ["wall", "blue", "red"], imageSizePx: 24, framing: { kind: "squash" }, patchSizes: ["8"] } as const;
    await expectNoLeak(async () => {
      await expect(firstTaskWeights(recipe, { ...info, classes: [...info.classes], patchSizes: [...info.patchSizes] })).rejects.toThrow(/^resizeVit\(model\.config\.embedder\)/);
    });
    await first.done();
  });

  it("keeps the head of a task model for the same classes and begins another one anew", async () => {
    const first = await trainedFile(recipeOf("segment", { ...still, steps: 5 }));
    const from = { file: first.file, sha256: await sha256Of(first.file) };
    const same = await trainedFile(recipeOf("segment", { ...still, from, freeze: ["head"], seed: 5 }));
    expect(same.weights.get("head/linear/kernel")).toEqual(first.weights.get("head/linear/kernel"));
    const other = await trainedFile(recipeOf("depth", { ...still, from, freeze: ["backbone"] }));
    expect(other.weights.get("backbone/norm/scale")).toEqual(first.weights.get("backbone/norm/scale"));
    expect(other.weights.has("head/levels/0/norm/scale")).toBe(true);
    await Promise.all([first, same, other].map(({ done }) => done()));
  });
});
