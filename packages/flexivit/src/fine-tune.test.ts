import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resizeVit } from "@flexivit/checkpoint";
import { disposeTree, leaves } from "@flexivit/params";
import { expectClose, fixturePath } from "@flexivit/testing";
import { readRun } from "@flexivit/run-log";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit, startFlexivit } from "../test-support/program.ts";
import { loadModel } from "./index.ts";

let pictures: string;
let model: string;
beforeAll(async () => {
  pictures = await pictureFolder(8);
  const out = await newOut();
  await flexivit("train", ...flagsOf({ data: pictures, out, variant: "mu", "image-size": "24", "patch-sizes": "12,8,6", steps: "40", "batch-size": "8", "learning-rate": "0.003", "evaluate-every": "40" }));
  model = join(out, "flexible", "model.safetensors");
});

const newOut = (): Promise<string> => mkdtemp(join(tmpdir(), "flexivit-runs-"));
const flagsOf = (flags: Record<string, string>): string[] => Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
const fineTune = (out: string, changes: Record<string, string> = {}) =>
  flexivit("train", ...flagsOf({ data: pictures, out, from: model, "patch-size": "12", steps: "3", "batch-size": "8", "warmup-steps": "0", ...changes }));

describe("flexivit train --from", () => {
  it("fine-tunes to two other classes at patch size 12, and the result is deployed at 6 and 4", async () => {
    const other = await pictureFolder(8);
    await rename(join(other, "blue"), join(other, "night"));
    await rm(join(other, "green"), { recursive: true });
    const out = await newOut();
    const { code, err } = await fineTune(out, { data: other, steps: "40", "learning-rate": "0.003" });
    expect(code).toBe(0);
    expect(err).toContain(`model:  ${model} with a new head at 24 px, patch size 12; 40 steps of 8 pictures\n`);
    const tuned = join(out, "flexible", "model.safetensors");
    const evaluated = await flexivit("evaluate", "--checkpoint", tuned, "--data", other, "--patch-sizes", "12,6,4", "--all", "--json");
    const accuracies = (JSON.parse(evaluated.out) as { patchSize: string; accuracy: number }[]).map(({ patchSize, accuracy }) => [patchSize, accuracy]);
    // Two bright colours: nothing less than all will do.
    expect(accuracies).toEqual([["12", 1], ["6", 1], ["4", 1]]);
  });

  it("starts the engine by itself, as a program of its own", async () => {
    const out = await newOut();
    const flags = flagsOf({ data: pictures, out, from: model, "patch-size": "8", steps: "1", "batch-size": "4" });
    expect((await startFlexivit(["train", ...flags]).end).code).toBe(0);
  });

  it("keeps the head for the same classes: with a learning rate of next to nothing the model stays what it was", async () => {
    const out = await newOut();
    const { err } = await fineTune(out, { "learning-rate": "1e-12", "weight-decay": "0" });
    expect(err).toContain(`model:  ${model} with its head at 24 px`);
    const [before, after] = [await loadModel(model), await loadModel(join(out, "flexible", "model.safetensors"))];
    expectClose(after.params.head.kernel, before.params.head.kernel, { absolute: 1e-9 }); // three updates of 1e-12
    expectClose(after.params.backbone.patchEmbedding.kernel, before.params.backbone.patchEmbedding.kernel, { absolute: 1e-9 });
    expect(after.info.vit).toEqual(before.info.vit);
    disposeTree(before.params, after.params);
  });

  it("stores kernel and positions at other sizes where flags say so: both are resized once, and the tokens are those of PI-resize", async () => {
    const out = await newOut();
    const { code } = await fineTune(out, { "store-patch-size": "24", "store-grid": "5x4", "learning-rate": "1e-12", "weight-decay": "0" });
    expect(code).toBe(0);
    const [before, after] = [await loadModel(model), await loadModel(join(out, "flexible", "model.safetensors"))];
    expect(after.info.vit).toEqual({ ...before.info.vit, patchSize: [24, 24], positionGrid: [5, 4] });
    const resized = resizeVit({ params: before.params.backbone, config: before.info.vit, head: before.params.head }, { patchSize: [24, 24], positionGrid: [5, 4] });
    const there = leaves(resized.params);
    for (const [index, { tensor }] of leaves(after.params.backbone).entries()) expectClose(tensor, there[index].tensor, { absolute: 1e-9 }); // three updates of 1e-12
    expect((await readRun(join(out, "flexible"))).config).toMatchObject({ vit: { patchSize: [24, 24], positionGrid: [5, 4] } });
    disposeTree(before.params, after.params, resized.params, resized.head);
  });

  it("with --freeze backbone trains the new head alone: no bit of the backbone moves", async () => {
    const other = await pictureFolder(4);
    await rename(join(other, "blue"), join(other, "night"));
    const out = await newOut();
    expect((await fineTune(out, { data: other, freeze: "backbone", steps: "5" })).code).toBe(0);
    const [before, after] = [await loadModel(model), await loadModel(join(out, "flexible", "model.safetensors"))];
    expectClose(after.params.backbone.norm.scale, before.params.backbone.norm.scale);
    expectClose(after.params.backbone.patchEmbedding.kernel, before.params.backbone.patchEmbedding.kernel);
    expect(Math.max(...after.params.head.kernel.dataSync().map(Math.abs))).toBeGreaterThan(0); // it begins with zeros
    disposeTree(before.params, after.params);
  });

  it("takes image size and patch sizes of the model where none are given, and logs where it started", async () => {
    const out = await newOut();
    const flags = { data: pictures, out, from: model, steps: "1", "batch-size": "4" };
    expect((await flexivit("train", ...flagsOf(flags))).code).toBe(0);
    const { config } = await readRun(join(out, "flexible"));
    expect(config).toMatchObject({ imageSizePx: 24, from: { file: model, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  });

  it.each([
    [{ variant: "Ti" }, "train(--variant): expected a model either from a file or by its flags, got --from too. Leave out one of the two.\n"],
    [{ pooling: "tok" }, "train(--pooling): expected a model either from a file or by its flags, got --from too. Leave out one of the two.\n"],
    [{ "patch-sizes": "12,8" }, "train(--patch-size): expected one of --patch-size and --patch-sizes, got both. List every size in --patch-sizes.\n"],
    [{ draw: "gaussian" }, "train(--draw): expected --draw-centre with gaussian, got none. Give it, or draw all sizes alike without --draw.\n"],
    [{ "patch-size": "7" }, expect.stringMatching(/^gridOf\(imageSize\): expected patches of 7x7 to cover the image 24x24/)],
  ])("%o is refused before a run folder is made", async (changes, err) => {
    expect(await fineTune(await newOut(), changes as Record<string, string>)).toEqual({ code: 1, out: "", err });
  });

  it("refuses a place to freeze that the model does not have, and names those it has", async () => {
    const out = await newOut();
    const { code, err } = await fineTune(out, { freeze: "backbone/block/0" });
    expect([code, await readdir(out)]).toEqual([1, []]); // no run folder that a second try would stumble on
    expect(err).toContain(
      'firstWeights(freeze): expected places such as backbone, backbone/patchEmbedding, backbone/positions, backbone/blocks, backbone/norm, head, backbone/blocks/0, got "backbone/block/0". Name weights that this model has.\n',
    );
  });
});

describe("flexivit train --teacher", () => {
  it("learns from the answers of a trained model at its own patch size, without labels, and is right at sizes of its own", async () => {
    const out = await newOut();
    const flags = { data: pictures, out, variant: "mu", teacher: model, "teacher-patch-size": "6", temperature: "2", "image-size": "24", "patch-sizes": "12,8", steps: "60", "batch-size": "8", "learning-rate": "0.003" };
    expect((await flexivit("train", ...flagsOf(flags))).code).toBe(0);
    const { config, summary, series } = await readRun(join(out, "flexible"));
    expect(config).toMatchObject({
      teacher: { file: model, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), patchSize: "6", imageSizePx: 24, distance: { kind: "kl", temperature: 2 } },
    });
    expect(summary.values["accuracy/12"]).toBe(1);
    const losses = series("loss").map(({ value }) => value);
    expect(losses.at(-1)!).toBeLessThan(losses[0] / 2);
  });

  it.each([
    [{ distance: "l2" }, "train(--distance): expected --teacher beside it, got none. Name the teacher's file.\n"],
    [{ teacher: "MODEL", distance: "l2", temperature: "2" }, "train(--temperature): expected --distance kl with it, got l2. Leave out one of the two.\n"],
  ])("%o is refused before a run folder is made", async (changes, err) => {
    const flags = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value === "MODEL" ? model : value]));
    expect(await fineTune(await newOut(), flags as Record<string, string>)).toEqual({ code: 1, out: "", err });
  });

  it("refuses a teacher of other classes", async () => {
    const other = await pictureFolder(4);
    await rm(join(other, "green"), { recursive: true });
    const { code, err } = await fineTune(await newOut(), { data: other, teacher: model });
    expect(code).toBe(1);
    expect(err).toContain(`openTeacher(teacher): expected a teacher of 2 classes, as the data has, got 3 in ${model}. Train the teacher on these classes.\n`);
  });
});

describe("weights of another origin", () => {
  it("from big_vision, with a head of its own classes, are fine-tuned to three colours and keep their way of resizing", async () => {
    const out = await newOut();
    const file = fixturePath("big-vision-flexi/gap-p8/params.npz");
    const flags = { data: pictures, out, from: file, "image-size": "24", "patch-sizes": "8,6", steps: "40", "batch-size": "8", "learning-rate": "0.003" };
    const { code, err } = await flexivit("train", ...flagsOf(flags));
    expect(code).toBe(0);
    expect(err).toContain(`model:  ${file} with a new head at 24 px`);
    const { config, summary } = await readRun(join(out, "flexible"));
    expect(config).toMatchObject({ vit: { kernelResize: { method: "pi" }, activation: "tanh" } });
    expect(summary.values["accuracy/8"]).toBe(1);
  });
});
