import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaves } from "@flexivit/params";
import { expectClose } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { bigVision, entriesIn, disposeModel } from "../test-support/weight-files.ts";
import { describeVit, loadVit, writeNpz, type Entry, type LoadedVit } from "./index.ts";

const folder = await mkdtemp(join(tmpdir(), "vit-spellings-"));

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
