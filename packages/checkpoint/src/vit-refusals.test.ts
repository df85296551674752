import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixturePath } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bigVision, timm, huggingFace, entriesIn, disposeModel } from "../test-support/weight-files.ts";
import { loadVit, saveVit, writeSafetensors, type Entry } from "./index.ts";

const folder = await mkdtemp(join(tmpdir(), "vit-refusals-"));

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
      new Error(`loadVit(file): expected the number of heads of a model of dim 16, which no file of timm tells, got none in ${timm[2]}. Pass heads (--heads of flexivit forward and convert; a file that convert writes holds them).`),
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
