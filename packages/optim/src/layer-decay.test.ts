import * as tf from "@tensorflow/tfjs-core";
import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { applyUpdates, layerDecay, scaleSteps, sgd } from "./index.ts";

const timm = await readFixture<{ [model: string]: { [name: string]: number } }>("optim/layer-decay.json");

/** Places in our tree by the beginning of timm's names. */
const places: [string, string][] = [
  ["cls_token", "backbone/classToken"],
  ["reg_token", "backbone/registers"],
  ["pos_embed", "backbone/positions"],
  ["patch_embed", "backbone/patchEmbedding"],
  ["blocks.0.attn", "backbone/blocks/0/attention"],
  ["blocks.0", "backbone/blocks/0"],
  ["blocks.1", "backbone/blocks/1"],
  ["blocks.2", "backbone/blocks/2"],
  ["norm", "backbone/norm"],
  ["attn_pool", "backbone/pool"],
  ["head", "head"],
];

function ours(name: string): string {
  const [begin, place] = places.find(([timmName]) => name.startsWith(timmName)) as [string, string];
  return place + name.slice(begin.length).replaceAll(".", "/");
}

describe("layerDecay", () => {
  it.each(["registers", "map"])('equals timm at every weight of its model "%s" of depth 3, decay 0.75', (model) => {
    const factorOf = layerDecay(0.75, { depth: 3 });
    const expected = Object.entries(timm[model]);
    expect(expected.length).toBeGreaterThan(40);
    expect(expected.map(([name]) => [name, factorOf(ours(name))])).toEqual(expected);
  });

  it("is 1 at heads, whatever their parts are called, and falls towards the embedding", () => {
    const factorOf = layerDecay(0.5, { depth: 2 });
    const paths = ["head/kernel", "head/blocks/7/norm/scale", "decoder/norm/scale", "backbone/pool/norm/scale"];
    expect(paths.map(factorOf)).toEqual([1, 1, 1, 1]);
    const falling = ["backbone/norm/bias", "backbone/blocks/1/mlp/hidden/kernel", "backbone/blocks/0/attentionNorm/scale"];
    expect(falling.map(factorOf)).toEqual([0.5, 0.5, 0.25]);
    expect(["backbone/positions", "backbone/patchEmbedding/blocks/9/kernel"].map(factorOf)).toEqual([0.125, 0.125]);
  });

  it('takes a tree that is the backbone with backbone ""', () => {
    const factorOf = layerDecay(0.5, { depth: 2, backbone: "" });
    expect(["classToken", "blocks/1/mlp/hidden/bias", "norm/scale"].map(factorOf)).toEqual([0.125, 0.5, 0.5]);
  });

  it("refuses a decay outside (0, 1] and a block beyond the depth", () => {
    expect(() => layerDecay(0, { depth: 2 })).toThrow(
      new Error("layerDecay(decay): expected a number in (0, 1], got 0. Use for example 0.75."),
    );
    expect(() => layerDecay(0.5, { depth: 2 })("backbone/blocks/2/norm/scale")).toThrow(
      new Error('layerDecay(depth): expected the depth of the model, got 2 and a leaf "backbone/blocks/2/norm/scale". Correct the depth.'),
    );
  });
});

it("scaleSteps multiplies the step of a leaf, its penalty included, and keeps what is remembered", () => {
  const plain = sgd({ learningRate: 0.5, momentum: 0.5, weightDecay: 0.25 });
  const half = scaleSteps(plain, (path) => (path === "a/kernel" ? 0.5 : 1));
  const [param, gradient, velocity] = [tf.tensor1d([8]), tf.tensor1d([1]), tf.tensor1d([2])];
  const at = (path: string) => half.update({ path, param, gradient, slots: { velocity } }, { count: 0, schedule: 0.5 });
  expectClose(at("b/kernel").param, [7]); // v = gradient 1 + penalty 2 + momentum 1; 8 - 0.25 v, exact in float32
  expectClose(at("a/kernel").param, [7.5]);
  expectClose(at("a/kernel").slots["velocity"], [4]);
});

it("a block beyond the depth is refused before any leaf is updated", () => {
  const params = { backbone: { blocks: [tf.ones([2]), tf.ones([3])] } };
  const gradients = { backbone: { blocks: [tf.ones([2]), tf.ones([3])] } };
  const optimizer = scaleSteps(sgd({ learningRate: 1 }), layerDecay(0.5, { depth: 1 }));
  expect(() => applyUpdates(optimizer, { params, slots: {} }, gradients, { count: 0, schedule: 1 })).toThrow(/^layerDecay\(depth\)/);
  expectClose(params.backbone.blocks[0], [1, 1]);
  tf.dispose([params, gradients] as tf.TensorContainer);
});
