import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkpointed } from "./checkpointed.ts";
import { disposeTree } from "./dispose.ts";
import { valueAndEachGradient, valueAndGradients } from "./gradients.ts";
import { initParams, normal } from "./init.ts";
import { type PathFilter, under } from "./select.ts";
import { leaves } from "./tree.ts";

type Layer = { kernel: tf.Tensor2D; bias: tf.Tensor1D };
type Params = { start: tf.Tensor2D; layers: Layer[]; unused: tf.Tensor1D };

let params: Params;
beforeEach(() => {
  const layer = () => ({ kernel: normal([3, 3], 1), bias: normal([3], 1) });
  params = initParams<Params>({ start: normal([2, 3], 1), layers: [layer(), layer(), layer()], unused: normal([5], 1) }, 7);
});
afterEach(() => disposeTree(params));

const mean = (x: tf.Tensor) => tf.mean<tf.Scalar>(tf.square(x));
const layer = ({ kernel, bias }: Layer, x: tf.Tensor2D) => tf.sin(tf.add(tf.matMul(x, kernel), bias)) as tf.Tensor2D;
const chain = ({ start, layers }: Params) => mean(layers.reduce((x, params) => layer(params, x), start));
const checkpointedChain = ({ start, layers }: Params) => mean(layers.reduce((x, params) => checkpointed(layer, params, x), start));
/** The last layer has the first one's kernel, and the first bias is added once more in the end. */
const tied = ({ start, layers: [first, second, third] }: Params) =>
  mean(tf.add(layer({ kernel: first.kernel, bias: third.bias }, layer(second, layer(first, start))), first.bias));

/** What `take` was given, as `path` or, where there was no gradient, `path: none`. */
function taken(f: (params: Params) => tf.Scalar, select?: PathFilter): string[] {
  const seen: string[] = [];
  const take = (path: string, gradient?: tf.Tensor) => (seen.push(gradient ? path : `${path}: none`), gradient?.dispose());
  valueAndEachGradient(f, params, take, select).dispose();
  return seen;
}

describe("valueAndEachGradient", () => {
  test.each([["a chain", chain], ["a checkpointed chain", checkpointedChain], ["leaves read twice", tied]])("gives each gradient of valueAndGradients once, to the bit: %s", (_, f) => {
    const found = new Map<string, tf.Tensor | undefined>();
    const take = (path: string, gradient: tf.Tensor | undefined) => {
      expect(found.has(path)).toBe(false);
      found.set(path, gradient);
    };
    const value = valueAndEachGradient(f, params, take);
    const expected = valueAndGradients(f, params);
    expect([...found.keys()].toSorted()).toEqual(leaves(params).map(({ path }) => path).toSorted());
    for (const { path, tensor } of leaves(expected.gradients)) {
      expect(found.get(path)?.dataSync() ?? new Float32Array(tensor.size)).toEqual(tensor.dataSync());
      found.get(path)?.dispose();
    }
    expect(value.dataSync()).toEqual(expected.value.dataSync());
    tf.dispose([value, expected.value]);
    disposeTree(expected.gradients);
  });

  test("gives a layer's leaves when the pass has been through it, the last layer first; before all, what nothing reaches", () => {
    const last = ["layers/2/bias", "layers/2/kernel", "layers/1/bias", "layers/1/kernel", "layers/0/bias", "start", "layers/0/kernel"];
    expect(taken(chain)).toEqual(["unused: none", ...last]);
  });

  test("gives a leaf that is read twice when the pass has been at the first of both places", () => {
    const shared = ["layers/0/bias", "start", "layers/0/kernel"];
    expect(taken(tied)).toEqual(["layers/2/kernel: none", "unused: none", "layers/2/bias", "layers/1/bias", "layers/1/kernel", ...shared]);
  });

  test("gives a leaf once that one operation reads twice, with the sum of both: of mean((x x)^2) it is 4 x^3 / 6", () => {
    const given: tf.Tensor[] = [];
    valueAndEachGradient(({ start }: Params) => mean(tf.mul(start, start)), params, (_, gradient) => void (gradient && given.push(gradient))).dispose();
    expect(given).toHaveLength(1);
    tf.tidy(() => expectClose(given[0], tf.mul(tf.pow(params.start, 3), 4 / 6), { relative: 1e-6 }));
    tf.dispose(given);
  });

  test("gives the gradients of a layer while the layers before it have not been differentiated yet", () => {
    const order: string[] = [];
    const noted = (index: number) => tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => (order.push(`back to ${index}`), tf.clone(dy)) }));
    const loss = ({ start, layers }: Params) => mean(layers.reduce((x, params, index) => noted(index)(layer(params, x)) as tf.Tensor2D, start));
    valueAndEachGradient(loss, params, (path, gradient) => (order.push(path), gradient?.dispose())).dispose();
    expect(order.filter((one) => !one.endsWith("bias"))).toEqual(["unused", "back to 2", "layers/2/kernel", "back to 1", "layers/1/kernel", "back to 0", "start", "layers/0/kernel"]);
  });

  test("gives the leaves of a checkpointed block together, before the block before it runs again", () => {
    const order: string[] = [];
    const block = (index: number) => (params: Layer, x: tf.Tensor2D) => (order.push(`block ${index}`), layer(params, x));
    const loss = ({ start, layers }: Params) => mean(layers.reduce((x, params, index) => checkpointed(block(index), params, x), start));
    valueAndEachGradient(loss, params, (path, gradient) => (order.push(path), gradient?.dispose())).dispose();
    const backOf = (index: number) => [`block ${index}`, `layers/${index}/kernel`, `layers/${index}/bias`];
    expect(order).toEqual(["block 0", "block 1", "block 2", "unused", ...backOf(2), ...backOf(1), ...backOf(0), "start"]);
  });

  test("gives a loss that is a leaf the gradient 1, and leaves that are frozen none", () => {
    const x = tf.scalar(4);
    const seen: number[][] = [];
    const value = valueAndEachGradient((tree: { x: tf.Scalar }) => tree.x, { x }, (_, gradient) => (seen.push([...gradient!.dataSync()]), gradient!.dispose()));
    expect([...value.dataSync(), ...seen]).toEqual([4, [1]]);
    value.dispose();
    expect(taken(chain, under("layers/2", "unused"))).toEqual(["unused: none", "layers/2/bias", "layers/2/kernel"]);
  });

  test("holds one gradient at a time where each is freed as it comes: of 10 layers, 9 fewer than in a tree", () => {
    const kernels = Array.from({ length: 10 }, () => tf.ones<tf.Rank.R2>([64, 64]));
    const before = tf.memory().numBytes;
    let peak = 0;
    const product = tf.customGrad((x, kernel) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => {
        peak = Math.max(peak, tf.memory().numBytes - before);
        return [tf.clone(dy), tf.zerosLike(kernel as tf.Tensor)];
      },
    }));
    const loss = (tree: tf.Tensor2D[]) => mean(tree.reduce<tf.Tensor>((x, kernel) => product(x, kernel), tf.ones([2])));
    const peakOf = (run: () => void) => ((peak = 0), tf.tidy(run), peak / (64 * 64 * 4));
    const inATree = peakOf(() => void valueAndGradients(loss, kernels));
    const freed = peakOf(() => void valueAndEachGradient(loss, kernels, (_, gradient) => gradient?.dispose()));
    expectClose([inATree, freed], [9, 0], { absolute: 0.02 }); // at the first layer; beside them a few numbers
    tf.dispose(kernels);
  });

  test("leaves no tensor behind, with an error of the taker or of an operation in the middle too", () => {
    const refusing = (path: string, gradient?: tf.Tensor) => {
      gradient?.dispose();
      if (path === "layers/1/bias") throw new Error("no room");
    };
    const highest = ({ start, layers }: Params) => mean(layers.reduce((x, params) => layer(params, x), tf.mul<tf.Tensor2D>(start, tf.topk(start, 1).values)));
    expectNoLeak(() => void taken(tied));
    expectNoLeak(() => void expect(() => valueAndEachGradient(chain, params, refusing)).toThrow("no room"));
    expectNoLeak(() => void expect(() => taken(highest)).toThrow(/^valueAndGradients\(f\): expected operations with a gradient, got TopK, /));
    expect(taken(chain)).toHaveLength(8); // the next call is right
  });
});
