import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { disposeTree } from "./dispose.ts";
import { mergeLeaves, selectLeaves, under } from "./select.ts";
import { countParams, leaves, mapLeaves } from "./tree.ts";
import { addTrees, zipLeaves } from "./zip.ts";

type Linear = { kernel: tf.Tensor2D; bias?: tf.Tensor1D };
type Params = { blocks: Linear[]; head: Linear; token: tf.Scalar };

let params: Params;
beforeAll(() => {
  params = {
    blocks: [{ kernel: tf.ones([2, 3]), bias: tf.tensor1d([1, 2, 3]) }, { kernel: tf.ones([3, 5]) }],
    head: { kernel: tf.ones([5, 7]), bias: undefined },
    token: tf.scalar(4),
  };
});
afterAll(() => tf.dispose(params));

const paths = (tree: Parameters<typeof leaves>[0]) => leaves(tree).map(({ path }) => path);

describe("leaves, mapLeaves and countParams", () => {
  test("leaves come with their paths, in the order of the keys, without absent parts", () => {
    expect(paths(params)).toEqual(["blocks/0/kernel", "blocks/0/bias", "blocks/1/kernel", "head/kernel", "token"]);
    expect(leaves(params)[1].tensor).toBe(params.blocks[0].bias);
    expect(leaves(params.token)).toEqual([{ path: "", tensor: params.token }]);
  });

  test("mapLeaves keeps the structure and passes each path", () => {
    const seen: string[] = [];
    const mapped = mapLeaves(params, (tensor, path) => {
      seen.push(path);
      return tf.neg(tensor);
    });
    expect(seen).toEqual(paths(params));
    expect(Array.isArray(mapped.blocks)).toBe(true);
    expectClose(mapped.blocks[0].bias as tf.Tensor, [-1, -2, -3]);
    expectClose(mapped.token, -4);
    tf.dispose(mapped);
  });

  test("6 + 3 + 15 + 35 + 1 = 60 parameters", () => {
    expect(countParams(params)).toBe(60);
  });
});

describe("zipLeaves and addTrees", () => {
  test("zipLeaves combines the leaves of equal paths in the order of the trees", () => {
    const twice = mapLeaves(params, (tensor) => tf.mul(tensor, 2));
    const zipped = zipLeaves([params, twice, params], ([a, b, c], path) =>
      tf.tidy(() => tf.add(tf.sub(a, b), tf.mul(c, path === "token" ? 10 : 0))),
    );
    expectClose(zipped.blocks[0].bias as tf.Tensor, [-1, -2, -3]);
    expectClose(zipped.token, 36);
    tf.dispose([twice, zipped]);
  });

  test("a tree plus itself is twice the tree", () => {
    const sum = addTrees(params, params);
    expectClose(sum.blocks[0].bias as tf.Tensor, [2, 4, 6]);
    expectClose(sum.token, 8);
    tf.dispose(sum);
  });

  test("a leaf that one tree lacks is named, whichever tree it is", () => {
    const smaller = { ...params, token: undefined };
    expect(() => zipLeaves([params, params, smaller], ([a]) => a)).toThrow(
      new Error('zipLeaves(trees): expected trees of one structure, got "token" in tree 0 but not in tree 2. Build them from the same config.'),
    );
    expect(() => zipLeaves([smaller, params], ([a]) => a)).toThrow(
      new Error('zipLeaves(trees): expected trees of one structure, got "token" in tree 1 but not in tree 0. Build them from the same config.'),
    );
  });
});

describe("selectLeaves and mergeLeaves", () => {
  test("under takes whole names: blocks/1 is not blocks/11", () => {
    const filter = under("head", "blocks/1");
    const taken = ["head/kernel", "blocks/1", "blocks/1/kernel", "blocks/11/kernel", "header"].filter(filter);
    expect(taken).toEqual(["head/kernel", "blocks/1", "blocks/1/kernel"]);
  });

  test("a selection holds the tree's own tensors, and every walk skips the rest", () => {
    const selected = selectLeaves(params, under("blocks/0", "token"));
    expect(paths(selected)).toEqual(["blocks/0/kernel", "blocks/0/bias", "token"]);
    expect(leaves(selected)[0].tensor).toBe(params.blocks[0].kernel);
    expect(countParams(selected)).toBe(10);
  });

  test("merging a changed selection replaces its leaves and no other", () => {
    const changed = mapLeaves(selectLeaves(params, under("token")), (tensor) => tf.add(tensor, 1));
    const merged = mergeLeaves(params, changed);
    expectClose(merged.token, 5);
    expect(merged.blocks[0].kernel).toBe(params.blocks[0].kernel);
    tf.dispose(merged.token);
  });
});

describe("trees refuse", () => {
  test("what is no tensor, by its path", () => {
    const tree = { blocks: [{ kernel: [1, 2] }] } as unknown as Params;
    expect(() => leaves(tree)).toThrow(
      new Error('leaves(tree): expected tensors in plain objects and arrays, got 1 at "blocks/0/kernel/0". Remove it from the tree.'),
    );
    expect(() => leaves({ moments: new Map() } as unknown as Params)).toThrow(
      new Error('leaves(tree): expected tensors in plain objects and arrays, got a Map at "moments". Remove it from the tree.'),
    );
  });

  test("a merged part with a leaf of its own", () => {
    expect(() => mergeLeaves(params, { extra: params.token })).toThrow(
      new Error('mergeLeaves(part): expected leaves that the tree has, got "extra". Select the part from the same tree.'),
    );
  });
});

test("disposeTree frees every leaf of every tree, and passes over absent ones", () => {
  const copy = mapLeaves(params, (tensor) => tf.clone(tensor));
  const before = tf.memory().numTensors;
  disposeTree(selectLeaves(copy, under("head")), undefined, copy);
  expect(before - tf.memory().numTensors).toBe(5);
});

test("maps, sums and selections leave no tensor behind", () => {
  expectNoLeak(() => {
    countParams(selectLeaves(params, under("head")));
    return [addTrees(params, params), mapLeaves(params, (tensor) => tf.neg(tensor))];
  });
});
