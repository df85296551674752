import { vitConfig, type VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { loadParams, loadVit, readSafetensors } from "./index.ts";
import { isShallow } from "./nesting.ts";

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

it("one hundred lists in each other are shallow, one more is not, beside others that are", () => {
  expect([99, 100, 101].map((levels) => isShallow(JSON.parse(nested(levels))))).toEqual([true, true, false]);
  expect(isShallow({ a: 1, b: { c: JSON.parse(nested(97)), d: null } })).toBe(true);
  expect(isShallow({ a: 1, b: { c: JSON.parse(nested(99)), d: null } })).toBe(false);
});

/** A file of one float by this name, from the text of its fields. */
function fileOf(name: string, { shape = "[1]", notes = {} }: { shape?: string; notes?: Record<string, string> } = {}): Uint8Array {
  const text = `{"__metadata__":${JSON.stringify(notes)},${JSON.stringify(name)}:{"dtype":"F32","shape":${shape},"data_offsets":[0,4]}}`;
  const bytes = new Uint8Array(8 + text.length + 4);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(new TextEncoder().encode(text), 8);
  return bytes;
}

// Deep enough to end the stack of whatever follows it by recursion.
const deep = nested(200_000);
const remedy = (bytes: Uint8Array) => ` in ${bytes.length} bytes in memory. The file is cut, damaged or of another format: fetch or write it again.`;

describe("what a file claims takes neither the stack nor the time of its reader:", () => {
  it("a shape of 200,000 lists in each other", async () => {
    const bytes = fileOf("a", { shape: deep });
    await expect(readSafetensors(bytes)).rejects.toThrow(
      new Error(`readSafetensors(file): expected a header nested at most 100 deep, got a deeper one${remedy(bytes)}`),
    );
  });

  it("a name of 50,000 parts; one of 100 is read", async () => {
    const name = (parts: number) => Array<string>(parts).fill("a").join("/");
    await expect(loadParams(fileOf(name(50_000)))).rejects.toThrow(
      new Error(`loadParams(file): expected names of at most 100 parts, got "${"a/".repeat(20)}…". Rename the entry.`),
    );
    await expect(loadParams(fileOf(name(101)))).rejects.toThrow("expected names of at most 100 parts");
    const { params } = await loadParams(fileOf(name(100)));
    expect(JSON.stringify(params).match(/"a":/g)).toHaveLength(100);
    tf.dispose(params as tf.TensorContainer);
  });

  it("a note of 200,000 lists in each other", async () => {
    const notes = { flexivit: `{"config":{"embedder":{"kind":${deep}}}}` };
    await expect(loadVit(fileOf("a", { notes }))).rejects.toThrow(
      new Error("loadVit(file): expected metadata nested at most 100 deep, got deeper ones. Write the file again."),
    );
  });

  const mu = vitConfig("mu");
  it.each<[string, string, VitConfig]>([
    ["blocks", "backbone/patchEmbedding/kernel", { ...mu, depth: 1e5 }],
    ["blocks of a model of timm", "patch_embed.proj.weight", { ...mu, depth: 1e5 }],
    ["residual blocks", "backbone/patchEmbedding/kernel", { ...mu, embedder: { kind: "hybrid", stages: [{ channels: 1, blocks: 1e5 - 1 }] } }],
  ])("a note of 100,000 %s, beside one entry", async (_what, name, config) => {
    const bytes = fileOf(name, { notes: { flexivit: JSON.stringify({ config }) } });
    await expect(loadVit(bytes)).rejects.toThrow(
      new Error(`loadVit(file): expected a note of at most 1 blocks, as many as there are entries, got one of 100000${remedy(bytes)}`),
    );
  });
});
