import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { leaves } from "@flexivit/params";
import { expectClose, expectNoLeak, fixturePath } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { loadParams, readMetadata, readSafetensors, saveParams, writeNpz } from "./index.ts";
import { entriesOf } from "./param-tree.ts";

const folder = await mkdtemp(join(tmpdir(), "params-"));

const params = {
  embed: { kernel: tf.tensor([1, -0, 3.5, 1e-40, Infinity, -7], [3, 2]) },
  blocks: Array.from({ length: 11 }, (_, i) => ({ scale: tf.tensor1d([i, i + 0.5]) })),
  index: tf.tensor1d([2 ** 31 - 1, -(2 ** 31)], "int32"),
  mask: tf.tensor1d([true, false, true], "bool"),
  one: tf.scalar(42),
};

describe("saveParams and loadParams", () => {
  it("give back the same tree: 11 blocks in their order, every type, every bit, and the metadata", async () => {
    const path = join(folder, "params.safetensors");
    const metadata = { config: { depth: 11, name: "Ti", sizes: [8, 16], registers: null }, note: 'quotes " and é' };
    await saveParams(path, params, metadata);
    const loaded = await loadParams(path);
    expect(loaded.metadata).toEqual(metadata);
    expect(await readMetadata(path)).toEqual(metadata);
    const [before, after] = [leaves(params), leaves(loaded.params)];
    expect(after.map(({ path }) => path).sort()).toEqual(before.map(({ path }) => path).sort());
    expect((loaded.params as typeof params).blocks).toHaveLength(11);
    for (const { path, tensor } of before) {
      const back = after.find((leaf) => leaf.path === path)?.tensor as tf.Tensor;
      expect([back.dtype, back.shape]).toEqual([tensor.dtype, tensor.shape]);
      expect(back.dataSync()).toEqual(tensor.dataSync());
    }
  });

  it("name the entries by path, readable by any other tool", async () => {
    const path = join(folder, "names.safetensors");
    await saveParams(path, { blocks: [{ attention: { query: { kernel: tf.ones([2, 3]) } } }] });
    const { entries } = await readSafetensors(path);
    expect(Object.keys(entries)).toEqual(["blocks/0/attention/query/kernel"]);
  });

  it("read .npz by its content, whatever the file is called, also as big_vision names it", async () => {
    const path = join(folder, "no-ending");
    await writeNpz(path, entriesOf(params, "test"));
    const { params: loaded, metadata } = await loadParams(path);
    expect(metadata).toEqual({});
    expectClose((loaded as typeof params).blocks[10].scale, [10, 10.5]);
    const foreign = (await loadParams(fixturePath("big-vision-flexi/gap-p8/params.npz"))).params as Record<string, never>;
    expect(leaves(foreign)).toHaveLength(39);
  });

  it("order the items of an array by number, whatever their order in the file", async () => {
    const path = join(folder, "shuffled.npz");
    const names = [10, 2, 0, 1, 3, 9, 8, 7, 6, 5, 4].map((i) => `blocks/${i}`);
    const entry = (name: string) => ({ dtype: "int32", shape: [1], data: Int32Array.of(Number(name.slice(7))) }) as const;
    await writeNpz(path, Object.fromEntries(names.map((name) => [name, entry(name)])));
    const { blocks } = (await loadParams(path)).params as { blocks: tf.Tensor[] };
    expect(blocks.map((block) => block.dataSync()[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("keep a lone tensor and a tree without leaves", async () => {
    const path = join(folder, "lone.safetensors");
    await saveParams(path, tf.tensor1d([1, 2]));
    expectClose((await loadParams(path)).params as tf.Tensor, [1, 2]);
    await saveParams(path, { nothing: {} });
    expect((await loadParams(path)).params).toEqual({});
  });

  it("refuse metadata that JSON would change without a word", async () => {
    const save = async (value: unknown) => await saveParams(join(folder, "bad.safetensors"), {}, { config: { value } });
    await expect(save(Number.NaN)).rejects.toThrow(
      new Error('saveParams(metadata): expected plain JSON, got NaN at "value". Leave it out or write it as text.'),
    );
    await expect(save(new Float32Array(2))).rejects.toThrow(
      new Error('saveParams(metadata): expected plain JSON, got a Float32Array at "value". Leave it out or write it as text.'),
    );
    await expect(save(() => 1)).rejects.toThrow("got a Function");
  });

  it("refuse two leaves of one path and types without a form in the file", async () => {
    const twice = { a: { b: tf.scalar(1) }, "a/b": tf.scalar(2) };
    await expect(saveParams(join(folder, "bad.safetensors"), twice)).rejects.toThrow(
      new Error('saveParams(tree): expected one leaf per path, got two at "a/b". Take "/" out of the names.'),
    );
    await expect(saveParams(join(folder, "bad.safetensors"), { z: tf.tensor(["text"]) })).rejects.toThrow(
      new Error("fromTensor(tensor): expected float32, int32 or bool, got string. Cast it first."),
    );
  });

  it("refuse a place that cannot be written", async () => {
    const path = join(folder, "missing", "params.safetensors");
    await expect(saveParams(path, {})).rejects.toThrow(
      new Error(`saveParams(file): expected a place to write, got ENOENT for ${path}. Make its folder or check its rights.`),
    );
  });

  it("refuse a file whose names are a leaf and a group at once, and leave no tensor behind", async () => {
    const path = join(folder, "torn.npz");
    const entry = { dtype: "float32", shape: [2], data: new Float32Array(2) } as const;
    await writeNpz(path, { a: entry, "a/b": entry });
    const before = tf.memory().numTensors;
    await expect(loadParams(path)).rejects.toThrow(
      new Error('loadParams(file): expected a leaf or a group, got both at "a". Rename one of the entries.'),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it("leave no tensor behind but the tree", async () => {
    const path = join(folder, "leak.safetensors");
    await expectNoLeak(async () => {
      await saveParams(path, params);
      return (await loadParams(path)).params;
    });
  });
});
