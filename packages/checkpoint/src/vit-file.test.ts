import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { classify } from "@flexivit/classify";
import { leaves } from "@flexivit/params";
import { referenceInterpolations } from "@flexivit/resample";
import { expectClose, expectNoLeak, fixturePath, fixtureTensor, readFixture } from "@flexivit/testing";
import { vit } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classesForTimm, configsForTimm, modelForTimm } from "../test-support/models-for-timm.ts";
import { describeVit, loadVit, readNpz, readSafetensors, saveVit, timmArguments, writeNpz, writeSafetensors, type Entry, type LoadedVit, type WeightFile } from "./index.ts";

const sideBySide = (patchSize: readonly [number, number]) => ({ patchSize, stride: patchSize });
const folder = await mkdtemp(join(tmpdir(), "vit-file-"));
const open = async (file: string): Promise<WeightFile> => await (file.endsWith(".npz") ? readNpz(file) : readSafetensors(file));

/** Every entry by name: its shape and its bytes. */
async function contentOf(file: string, rename = (name: string) => name): Promise<Record<string, string>> {
  const { entries } = await open(file);
  const content: Record<string, string> = {};
  for (const [name, { shape, read }] of Object.entries(entries)) {
    const { buffer, byteOffset, byteLength } = await read();
    content[rename(name)] = `[${shape.join(", ")}] ${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}`;
  }
  return content;
}

/** All entries of a file in memory, for making other files of them. */
async function entriesIn(file: string): Promise<Record<string, Entry>> {
  const { entries } = await open(file);
  return Object.fromEntries(await Promise.all(Object.entries(entries).map(async ([name, { dtype, shape, read }]) => [name, { dtype, shape, data: await read() }])));
}

function disposeModel({ params, head }: LoadedVit): void {
  tf.dispose([params, head ?? []] as tf.TensorContainer);
}

const bigVision = ["gap-p32", "gap-p8", "map-p8", "tok-p8"].map((name) => fixturePath(`big-vision-flexi/${name}/params.npz`));
const timm = ["avg-fcnorm", "cls-noembed", "deit", "dinov2-reg4-swiglu", "map"].map((name) => fixturePath(`timm/${name}/model.safetensors`));
const huggingFace = ["hf-vit", "hf-dinov2", "hf-dinov2-registers"].map((name) => fixturePath(`checkpoint/${name}.safetensors`));

describe("a file read and written again under its own names", () => {
  it.each([...bigVision.map((file) => [file, 2]), ...timm.map((file) => [file, 2]), ...huggingFace.map((file) => [file, 3])] as [string, number][])(
    "%s has the same names, shapes and bits",
    async (file, heads) => {
      const model = await loadVit(file, { heads });
      const { format } = model;
      const copy = join(folder, `copy${format === "big_vision" ? ".npz" : ".safetensors"}`);
      await saveVit(copy, model as LoadedVit & { format: Exclude<LoadedVit["format"], "flexivit"> }, format);
      // Prefixes tell nothing: published files have them or not. The mask token of DINOv2's training is not kept.
      const bare = (name: string) => name.replace(/^(params\/|dinov2\.|dinov2_with_registers\.)/, "");
      const original = await contentOf(file, bare);
      delete original["embeddings.mask_token"];
      expect(await contentOf(copy, bare)).toEqual(original);
      disposeModel(model);
    },
  );

  it("says everything itself: no traits are needed again", async () => {
    const model = await loadVit(timm[3], { heads: 2, interpolation: referenceInterpolations.timmFlexi });
    for (const [format, ending] of [["timm", "safetensors"], ["flexivit", "safetensors"]] as const) {
      const copy = join(folder, `noted.${ending}`);
      await saveVit(copy, model, format, { note: 7 });
      const { config, metadata, ...again } = await loadVit(copy);
      expect([config, metadata["note"]]).toEqual([model.config, 7]);
      disposeModel({ ...again, config, metadata });
    }
    disposeModel(model);
  });

  it("keeps its interpolation in .npz too, where numpy does not see it", async () => {
    const model = await loadVit(timm[2], { heads: 2 });
    const copy = join(folder, "noted.npz");
    await saveVit(copy, model, "big_vision");
    const again = await loadVit(copy);
    expect(again.config.kernelResize.interpolation).toEqual(referenceInterpolations.timm.patchKernel);
    expect(again.config.activation).toBe("erf");
    // What big_vision itself takes for granted, without the note:
    await writeNpz(copy, (await open(copy)).entries);
    const plain = await loadVit(copy);
    expect([plain.config.activation, plain.config.positionInterpolation]).toEqual(["tanh", referenceInterpolations.bigVision.positions]);
    for (const each of [model, again, plain]) disposeModel(each);
  });
});

describe("what shapes can't tell comes from the origin of the file, or from traits", () => {
  it.each([
    [bigVision[1], { activation: "tanh", layerNormEpsilon: 1e-6, pooling: "gap", heads: 2 }, referenceInterpolations.bigVision],
    [timm[2], { activation: "erf", layerNormEpsilon: 1e-6, pooling: "tok", heads: 2 }, referenceInterpolations.timm],
    [huggingFace[0], { activation: "erf", layerNormEpsilon: 1e-12, pooling: "tok", heads: 2 }, referenceInterpolations.huggingFace],
    [huggingFace[1], { activation: "erf", layerNormEpsilon: 1e-6, pooling: "tok", heads: 2 }, referenceInterpolations.huggingFace],
  ])("%s", async (file, expected, { patchKernel, positions }) => {
    const model = await loadVit(file, { heads: 2 });
    expect(model.config).toMatchObject({ ...expected, kernelResize: { method: "pi", interpolation: patchKernel }, positionInterpolation: positions });
    disposeModel(model);
    const other = await loadVit(file, { heads: 2, activation: "tanh", layerNormEpsilon: 1e-3, pooling: "gap", interpolation: referenceInterpolations.bigVisionAtLoad });
    expect(other.config).toMatchObject({ activation: "tanh", layerNormEpsilon: 1e-3, pooling: "gap", positionInterpolation: { alignment: "corner" } });
    disposeModel(other);
  });

  it("a grid that is no square is told by positionGrid", async () => {
    const file = fixturePath("checkpoint/own-gap.safetensors");
    const bare = join(folder, "bare.safetensors");
    await writeSafetensors(bare, (await open(file)).entries);
    const model = await loadVit(bare, { heads: 3, positionGrid: [3, 5] });
    expect(model.config.positionGrid).toEqual([3, 5]);
    disposeModel(model);
    await expect(loadVit(bare, { heads: 3 })).rejects.toThrow(
      new Error(
        `loadVit(file): expected the positions of a square grid, got 15 in ${bare}. Pass positionGrid (--position-grid of flexivit forward and convert), height before width.`,
      ),
    );
  });
});

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

it.each([...bigVision.slice(2), timm[0], huggingFace[2], fixturePath("checkpoint/own-map.safetensors")])("describeVit says of %s what loadVit does, and makes no tensor", async (file) => {
  const traits = { heads: file.includes("fixtures/checkpoint/") ? 3 : 2 };
  const before = tf.memory().numTensors;
  const description = await describeVit(file, traits);
  expect(tf.memory().numTensors).toBe(before);
  const { params, head, ...rest } = await loadVit(file, traits);
  expect(rest).toEqual(description);
  expect(description.classes).toBe(head?.bias.shape[0]);
  tf.dispose([params, head ?? []] as tf.TensorContainer);
});

it("Hugging Face's files have a position for the class token, zero where the model has none", async () => {
  const model = await loadVit(timm[1], { heads: 2 });
  const copy = join(folder, "zero-position.safetensors");
  await saveVit(copy, model, "hugging_face_vit");
  const { shape, read } = (await open(copy)).entries["vit.embeddings.position_embeddings"];
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

describe("earlier and other spellings", () => {
  const source = bigVision[3];
  const spelled = async (rename: (name: string) => string, more: Record<string, Entry> = {}): Promise<LoadedVit> => {
    const path = join(folder, "spelled.npz");
    const entries = Object.entries(await entriesIn(source)).map(([name, entry]) => [rename(name.replace(/^params\//, "")), entry]);
    await writeNpz(path, { ...Object.fromEntries(entries), ...more });
    return await loadVit(path);
  };
  const scalar: Entry = { dtype: "float32", shape: [], data: Float32Array.of(3) };

  it.each([
    ["the indices of the first ViT checkpoints", (name: string) => name.replace("MlpBlock_0", "MlpBlock_3").replace("LayerNorm_1", "LayerNorm_2").replace("Attention_0", "Attention_1")],
    ["positions in a module of their own", (name: string) => name.replace(/^pos_embedding/, "Transformer/posembed_input/pos_embedding")],
    ["the state of a training, whose optimiser is passed over", (name: string) => `opt/target/${name}`],
  ])("%s", async (_what, rename) => {
    const [plain, other] = [await loadVit(source), await spelled(rename, rename("x").startsWith("opt/") ? { "opt/state/step": scalar } : {})];
    const [before, after] = [plain, other].map(({ params, head }) => leaves({ params, head }));
    expect(after.map(({ path }) => path)).toEqual(before.map(({ path }) => path));
    for (const [index, { tensor }] of before.entries()) expectClose(after[index].tensor, tensor);
    disposeModel(plain);
    disposeModel(other);
  });

  it("the position of a class token is folded into it: row 0 of 1 + 49 is added to cls", async () => {
    const entries = await entriesIn(source);
    const dim = 32;
    const row = Float32Array.from({ length: dim }, (_, i) => i / 8 - 1);
    const positions = entries["params/pos_embedding"].data as Float32Array;
    entries["params/pos_embedding"] = { dtype: "float32", shape: [1, 50, dim], data: Float32Array.from([...row, ...positions]) };
    const path = join(folder, "class-position.npz");
    await writeNpz(path, entries);
    const model = await loadVit(path);
    expectClose(model.params.classToken!, (entries["params/cls"].data as Float32Array).map((value, i) => value + row[i]));
    expectClose((model.params.positions as { grid: tf.Tensor }).grid, { shape: [7, 7, dim], data: positions });
    expect(model.config.classToken).toEqual({ value: "learned", at: "first", position: false });
    expect((await describeVit(path)).config).toEqual(model.config);
    disposeModel(model);
  });

  it("an attention pool at the top, as in the first of them", async () => {
    const path = join(folder, "inlined.npz");
    const entries = Object.entries(await entriesIn(bigVision[2])).map(([name, entry]) => [name.replace(/^MAPHead_0\//, ""), entry]);
    await writeNpz(path, Object.fromEntries(entries));
    const model = await loadVit(path);
    expect([model.config.pooling, model.params.pool!.probe.shape]).toEqual(["map", [1, 32]]);
    disposeModel(model);
  });
});

/** Other shapes of as many elements. */
const reshapes: ((shape: readonly number[]) => number[])[] = [
  (shape) => shape.toReversed(),
  (shape) => [shape.reduce((a, b) => a * b, 1)],
  (shape) => [1, ...shape],
  (shape) => [...shape, 1],
  (shape) => [shape.reduce((a, b) => a * b, 1) / 2, 2],
];

it("entries of other shapes and names, 300 times: loadVit reads or refuses in our words, and leaves no tensor", async () => {
  const originals = [await entriesIn(timm[3]), await entriesIn(bigVision[2]), await entriesIn(huggingFace[2])];
  const path = join(folder, "reshaped.safetensors");
  const seen = { read: 0, refused: 0 };
  const change = fc.record({ at: fc.nat(), kind: fc.nat(reshapes.length + 1) });
  const property = fc.asyncProperty(fc.nat(2), fc.array(change, { minLength: 1, maxLength: 3 }), async (which, changes) => {
    const entries = { ...originals[which] };
    for (const { at, kind } of changes) {
      const name = Object.keys(entries)[at % Object.keys(entries).length];
      const { shape, ...rest } = entries[name];
      if (kind < reshapes.length) entries[name] = { ...rest, shape: reshapes[kind](shape).map(Math.ceil) };
      else delete entries[name];
      if (kind > reshapes.length) entries[name.replace(/\d/, "9")] = { ...rest, shape };
    }
    const sound = Object.entries(entries).filter(([, { shape, data }]) => shape.reduce((a, b) => a * b, 1) === data.length);
    await writeSafetensors(path, Object.fromEntries(sound));
    const before = tf.memory().numTensors;
    try {
      disposeModel(await loadVit(path, { heads: 2 }));
      seen.read++;
    } catch (error) {
      expect((error as Error).message).toMatch(/^\w+\([\w.[\]]+\): expected /);
      seen.refused++;
    }
    expect(tf.memory().numTensors).toBe(before);
  });
  await fc.assert(property, { numRuns: 300, seed: 20_261_124 });
  expect(seen.refused).toBeGreaterThan(200);
});

describe("loadVit names what is wrong and what was expected", () => {
  const changed = async (change: (entries: Record<string, Entry>) => void): Promise<string> => {
    const entries = await entriesIn(timm[2]);
    change(entries);
    const path = join(folder, "changed.safetensors");
    await writeSafetensors(path, entries);
    return await loadVit(path, { heads: 2 }).then(() => "read", ({ message }: Error) => message.replace(path, "FILE"));
  };
  const remedy = "in FILE. Fetch or write the file again, or use a model of this architecture.";
  const expected = "loadVit(file): expected the entries of a timm model of dim 16, depth 2 and 2 heads, got";
  const zeros = (...shape: number[]): Entry => ({ dtype: "float32", shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });

  it.each<[string, (entries: Record<string, Entry>) => void, string]>([
    ["a missing entry", (entries) => void delete entries["blocks.1.norm1.weight"], `${expected} no "blocks.1.norm1.weight" (expected shape [16]) ${remedy}`],
    ["an entry too much", (entries) => void (entries["norm_pre.weight"] = zeros(16)), `${expected} "norm_pre.weight" (expected none) ${remedy}`],
    ["a mis-shaped entry", (entries) => void (entries["blocks.0.mlp.fc1.bias"] = zeros(33)), `${expected} "blocks.0.mlp.fc1.bias" of shape [33] (expected [32]) ${remedy}`],
    [
      "half a block",
      (entries) => Object.keys(entries).filter((name) => /^blocks\.0\.(norm|attn)/.test(name)).forEach((name) => delete entries[name]),
      `${expected} no "blocks.0.norm1.weight" (expected shape [16]), no "blocks.0.norm1.bias" (expected shape [16]), no "blocks.0.attn.qkv.weight" (expected shape [48, 16]), no "blocks.0.attn.qkv.bias" (expected shape [48]), and 4 more such ${remedy}`,
    ],
    [
      "the patch kernel",
      (entries) => void delete entries["patch_embed.proj.weight"],
      'loadVit(file): expected "patch_embed.proj.weight" with 4 axes, got none in FILE. The file is cut, damaged or of another format: fetch or write it again.',
    ],
    [
      "an index of a block that can't be",
      (entries) => void (entries["blocks.999999999.x"] = zeros(1)),
      "loadVit(file): expected blocks blocks.0, 1, ... without a gap, got blocks.999999999 among 33 entries in FILE. The file is cut, damaged or of another format: fetch or write it again.",
    ],
  ])("%s", async (_what, change, message) => {
    expect(await changed(change)).toBe(message);
  });

  it("heads that nothing tells, and names of no known origin", async () => {
    await expect(loadVit(timm[2])).rejects.toThrow(
      new Error(`loadVit(file): expected the number of heads of a model of dim 16, which no file of timm tells, got none in ${timm[2]}. Pass heads (--heads of flexivit forward and convert).`),
    );
    const foreign = fixturePath("checkpoint/kinds.npz");
    await expect(loadVit(foreign)).rejects.toThrow(
      /^loadVit\(file\): expected names of big_vision, timm, hugging_face_vit, hugging_face_dinov2 or flexivit, got bool, .+ Convert the file to one of these\.$/,
    );
  });

  it("and saveVit what has no place in a format", async () => {
    const model = await loadVit(timm[3], { heads: 2 });
    await expect(saveVit(join(folder, "none.npz"), model, "big_vision")).rejects.toThrow(
      new Error(
        'saveVit(format): expected a model that files of big_vision can hold, got a gated MLP. Write "flexivit", which holds every model, or another of timm, hugging_face_vit, hugging_face_dinov2.',
      ),
    );
    disposeModel(model);
  });
});

it("loadVit and saveVit leave no tensor behind but the weights, also where they refuse", async () => {
  await expectNoLeak(async () => {
    const model = await loadVit(timm[2], { heads: 2 });
    await saveVit(join(folder, "leak.npz"), model, "big_vision");
    await saveVit(join(folder, "leak.safetensors"), model, "hugging_face_vit");
    await expect(saveVit(join(folder, "leak.safetensors"), { ...model, config: { ...model.config, mlp: "swiglu" } }, "big_vision")).rejects.toThrow("saveVit(format)");
    return [model.params, model.head!] as tf.TensorContainer;
  });
});
