import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { classify } from "@flexivit/classify";
import { expectClose, fixturePath, fixtureTensor, readFixture } from "@flexivit/testing";
import { vit } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { classesForTimm, configsForTimm, modelForTimm } from "../test-support/models-for-timm.ts";
import { timm, openFile, disposeModel, sideBySide } from "../test-support/weight-files.ts";
import { loadVit, saveVit, timmArguments, type LoadedVit } from "./index.ts";

const folder = await mkdtemp(join(tmpdir(), "vit-origins-"));

// float32 noise of such models is below 1e-5 (fixtures of timm: 9.2e-6).
const tolerance = { absolute: 1e-4 };

describe("models made here and written for timm", () => {
  it.each(Object.keys(configsForTimm))("%s: timm loads it by name and gives the same features, pooled features and logits", async (name) => {
    const model = modelForTimm(name);
    const copy = join(folder, `${name}.safetensors`);
    await saveVit(copy, model, "timm");
    // timm's numbers are of this very file, and of a model made by these very arguments.
    expect(timmArguments(model.config, classesForTimm)).toEqual(await readFixture(`checkpoint/${name}.json`));
    expect((await readFile(copy)).equals(await readFile(fixturePath(`checkpoint/${name}.safetensors`)))).toBe(true);
    const recorded = await readFixture(`checkpoint/${name}.npz`);
    const features = vit(model.params, model.config, fixtureTensor(recorded["images"]), { scheme: sideBySide(model.config.patchSize) });
    expectClose(features.prefix ? tf.concat([features.prefix, features.tokens], 1) : features.tokens, recorded["features"], tolerance);
    expectClose(features.pooled, recorded["pre_logits"], tolerance);
    expectClose(classify(model.head!, features), recorded["logits"], tolerance);
  });
});

it("positions of registers are added to the registers: timm's own features and logits", async () => {
  const model = await loadVit(fixturePath("checkpoint/timm-register-positions.safetensors"), { heads: 3 });
  expect([model.config.registers, model.config.positionGrid, model.config.classToken!.position]).toEqual([2, [5, 5], true]);
  const recorded = await readFixture("checkpoint/timm-register-positions.npz");
  const features = vit(model.params, model.config, fixtureTensor(recorded["images"]), { scheme: sideBySide([4, 4]) });
  expectClose(tf.concat([features.prefix!, features.tokens], 1), recorded["features"], tolerance);
  expectClose(classify(model.head!, features), recorded["logits"], tolerance);
  const copy = join(folder, "registers.safetensors");
  await saveVit(copy, model, "timm"); // timm can't give the class token alone a position
  const again = await loadVit(copy);
  expectClose(classify(again.head!, vit(again.params, again.config, fixtureTensor(recorded["images"]), { scheme: sideBySide([4, 4]) })), recorded["logits"], tolerance);
  disposeModel(model);
  disposeModel(again);
});

describe("models of Hugging Face's transformers", () => {
  it.each([
    ["hf-vit", "hugging_face_vit", []],
    ["hf-dinov2", "hugging_face_dinov2", ["embeddings.mask_token"]],
    ["hf-dinov2-registers", "hugging_face_dinov2", ["embeddings.mask_token"]],
  ])("%s: the same tokens and logits at the stored grid and at 7 x 9", async (name, format, unused) => {
    const model = await loadVit(fixturePath(`checkpoint/${name}.safetensors`), { heads: 3 });
    expect([model.format, model.unused]).toEqual([format, unused]);
    const recorded = await readFixture(`checkpoint/${name}.npz`);
    for (const size of ["20x20", "28x36"]) {
      const features = vit(model.params, model.config, fixtureTensor(recorded[`${size}/images`]), { scheme: sideBySide([4, 4]) });
      expectClose(tf.concat([features.prefix!, features.tokens], 1), recorded[`${size}/tokens`], tolerance);
      if (model.head) expectClose(classify(model.head, features), recorded[`${size}/logits`], tolerance);
    }
    expect(`28x36/logits` in recorded).toBe(model.head !== undefined);
    disposeModel(model);
  });
});

describe("a model converted from one origin to another", () => {
  const image = tf.randomUniform<tf.Rank.R4>([2, 48, 64, 3], -1, 1, "float32", 4);
  const outputs = ({ params, config, head }: LoadedVit) => {
    const features = vit(params, config, image, { scheme: sideBySide([12, 8]) });
    return tf.concat([features.pooled, classify(head!, features)], 1);
  };

  it.each([
    ["deit", "big_vision"],
    ["deit", "hugging_face_vit"],
    ["cls-noembed", "big_vision"],
    ["cls-noembed", "hugging_face_vit"],
    ["map", "big_vision"],
    ["avg-fcnorm", "flexivit"],
    ["dinov2-reg4-swiglu", "flexivit"],
  ] as const)("%s written for %s computes the same, bit for bit", async (name, format) => {
    const model = await loadVit(fixturePath(`timm/${name}/model.safetensors`), { heads: 2 });
    const copy = join(folder, `converted${format === "big_vision" ? ".npz" : ".safetensors"}`);
    await saveVit(copy, model, format);
    const again = await loadVit(copy);
    expect(again.format).toBe(format);
    expectClose(outputs(again), outputs(model));
    disposeModel(model);
    disposeModel(again);
  });
});

it("Hugging Face's files have a position for the class token, zero where the model has none", async () => {
  const model = await loadVit(timm[1], { heads: 2 });
  const copy = join(folder, "zero-position.safetensors");
  await saveVit(copy, model, "hugging_face_vit");
  const { shape, read } = (await openFile(copy)).entries["vit.embeddings.position_embeddings"];
  const [rows, grid] = [(await read()) as Float32Array, (model.params.positions as { grid: tf.Tensor }).grid];
  expect(shape).toEqual([1, 17, 16]);
  expectClose(rows.subarray(0, 16), new Float32Array(16));
  expectClose(rows.subarray(16), await grid.data<"float32">());
  disposeModel(model);
});

it("the ratio that timm multiplies by gives back the width that the MLP has, 15 of dim 11 too", () => {
  for (const [dim, hiddenDim] of [[48, 192], [11, 15], [1152, 4304]]) {
    const ratio = timmArguments({ ...configsForTimm["own-gap"], dim, hiddenDim }, 0)["mlp_ratio"] as number;
    expect(Math.trunc(dim * ratio)).toBe(hiddenDim);
  }
});
