import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkpointed, type BlockPass } from "./checkpointed.ts";
import { disposeTree } from "./dispose.ts";
import { valueAndGradients } from "./gradients.ts";
import { initParams, normal } from "./init.ts";
import { type PathFilter, under } from "./select.ts";
import { leaves, type ParamTree } from "./tree.ts";

type Block = { inner: { kernel: tf.Tensor2D; bias?: tf.Tensor1D }[]; scale: tf.Tensor1D };
type Params = { blocks: Block[]; start: tf.Tensor2D };
/** How a block is run: as it is, or checkpointed. */
type Run = <P extends ParamTree, X extends ParamTree>(f: (params: P, x: X) => tf.Tensor2D, params: P, x: X) => tf.Tensor2D;

const plain: Run = (f, params, x) => f(params, x);
const mean = (x: tf.Tensor) => tf.mean<tf.Scalar>(x);

let params: Params;
beforeEach(() => {
  const block = () => ({ inner: [{ kernel: normal([3, 5], 1), bias: normal([5], 1) }, { kernel: normal([5, 3], 1) }], scale: normal([3], 1) });
  params = initParams<Params>({ blocks: [block(), block(), block()], start: normal([2, 3], 1) }, 1);
});
afterEach(() => disposeTree(params));

/** Reads `x` in two places, and every leaf of a nested tree. */
function block({ inner: [first, second], scale }: Block, x: tf.Tensor2D): tf.Tensor2D {
  const hidden = tf.sin(tf.add(tf.matMul(x, first.kernel), first.bias!)) as tf.Tensor2D;
  return tf.add(x, tf.mul(tf.matMul(hidden, second.kernel), scale));
}

const masked = (params: Block, { x, mask }: { x: tf.Tensor2D; mask: tf.Tensor2D }) => tf.mul<tf.Tensor2D>(block(params, x), mask);

const networks: Record<string, (run: Run) => (params: Params) => tf.Scalar> = {
  "a chain of blocks": (run) => ({ blocks, start }) => mean(tf.square(blocks.reduce((x, params) => run(block, params, x), start))),
  "blocks within a block": (run) => ({ blocks, start }) => {
    const all = (blocks: readonly Block[], x: tf.Tensor2D) => blocks.reduce((x, params) => run(block, params, x), x);
    return mean(tf.square(run(all, blocks, start)));
  },
  "one block used twice in a row": (run) => ({ blocks: [first], start }) => mean(tf.square(run(block, first, run(block, first, start)))),
  "a tree as the input, made in the function and gone before the backward pass": (run) => ({ blocks: [first], start }) =>
    mean(tf.square(run(masked, first, { x: start, mask: tf.tensor2d([[1, 0, 2], [3, 1, 0]]) }))),
  "one tensor in the parameters and the input": (run) => ({ start }) =>
    mean(tf.square(run(({ start }, x: tf.Tensor2D) => tf.mul(tf.sin(start), x), { start }, start))),
  "a function that hands back its input": (run) => ({ start }) => mean(tf.square(run((_, x: tf.Tensor2D) => x, {}, start))),
  "whole numbers among the inputs": (run) => ({ start }) =>
    mean(tf.square(run(({ start }, columns: tf.Tensor1D) => tf.mul(start, tf.cast(columns, "float32")), { start }, tf.tensor1d([1, 0, 2], "int32")))),
  "a block that the loss does not depend on": (run) => ({ blocks: [first, second], start }) => {
    run(block, second, start);
    return mean(tf.square(run(block, first, start)));
  },
};

const bytesOf = (tree: ParamTree) => leaves(tree).map(({ path, tensor }) => [path, ...tensor.dataSync()]);
const bitsOf = (loss: (params: Params) => tf.Scalar, select: PathFilter = () => true) => {
  const { value, gradients } = valueAndGradients(loss, params, select);
  const bits = [["value", ...value.dataSync()], ...bytesOf(gradients)];
  value.dispose();
  disposeTree(gradients);
  return bits;
};

describe("checkpointed", () => {
  test.for(Object.keys(networks))("gives value and gradients of the plain run to the bit: %s", (name) => {
    expect(bitsOf(networks[name](checkpointed))).toEqual(bitsOf(networks[name](plain)));
  });

  test("a tensor read inside and outside has the sum of its gradients, in another order: within 1e-6", () => {
    const loss = (run: Run) => ({ blocks: [first, second], start }: Params) => mean(tf.mul(run(block, first, start), run(block, second, tf.neg(start))));
    const [ours, theirs] = [checkpointed, plain].map((run) => valueAndGradients(loss(run), params));
    for (const [index, { tensor }] of leaves(ours.gradients).entries()) expectClose(tensor, leaves(theirs.gradients)[index].tensor, { relative: 1e-6 });
    tf.dispose([ours.value, theirs.value]);
    disposeTree(ours.gradients, theirs.gradients);
  });

  test.for(Object.keys(networks))("leaves no tensor behind: %s", (name) => {
    expectNoLeak(() => valueAndGradients(networks[name](checkpointed), params));
    expectNoLeak(() => tf.tidy(() => networks[name](checkpointed)(params)));
  });

  test("agrees with finite differences, under the engine's own gradients too", () => {
    const { inner, scale } = params.blocks[0];
    checkGradient(
      (x, first, bias, second, scale) => checkpointed(block, { inner: [{ kernel: first, bias }, { kernel: second }], scale }, x),
      [params.start, inner[0].kernel, inner[0].bias!, inner[1].kernel, scale],
    );
  });

  test("equals the engine's own gradients where it runs under them", () => {
    const tensors = leaves(params).map(({ tensor }) => tensor);
    const run = (name: Run) => tf.engine().gradients(() => networks["a chain of blocks"](name)(params), tensors, undefined, true);
    const [ours, theirs] = [run(checkpointed), run(plain)];
    for (const [index, gradient] of ours.grads.entries()) expectClose(gradient, theirs.grads[index]);
    expectNoLeak(() => run(checkpointed));
    tf.dispose([ours, theirs]);
  });

  test("numbers that are not float32 are constants: they may be compared, which has no gradient", () => {
    const chosen = ({ start }: { start: tf.Tensor2D }, columns: tf.Tensor1D) => tf.mul<tf.Tensor2D>(start, tf.cast(tf.equal(columns, 1), "float32"));
    const columns = tf.tensor1d([1, 0, 1], "int32");
    checkGradient((start) => checkpointed(chosen, { start }, columns), [params.start]);
    columns.dispose();
  });

  test("a function that hands back its input gives a tensor of its own", () => {
    const y = checkpointed((_, x: tf.Tensor2D) => x, {}, params.start);
    y.dispose();
    expect(params.start.isDisposed).toBe(false);
  });

  test("inside of a gradient inside of a gradient it is the plain function: the slope's slope of sin x is -sin x", () => {
    tf.tidy(() => {
      const sin = (x: tf.Tensor) => tf.sum(checkpointed((_, x: tf.Tensor) => tf.sin(x), {}, x));
      const slopes = (x: tf.Tensor) => tf.sum(tf.grad(sin)(x));
      expectClose(tf.grad(slopes)(params.start), tf.neg(tf.sin(params.start)), { relative: 1e-6 });
    });
  });

  test("a leaf that is frozen has no gradient: what is done to it alone needs none", () => {
    const largest = ({ scale }: Block, x: tf.Tensor2D) => tf.mul<tf.Tensor2D>(x, tf.topk(scale, 1).values);
    const loss = (run: Run) => ({ blocks: [first], start }: Params) => mean(tf.square(run(largest, first, start)));
    expect(bitsOf(loss(checkpointed), under("start"))).toEqual(bitsOf(loss(plain), under("start")));
    expect(() => bitsOf(loss(checkpointed))).toThrow(/^checkpointed\(f\): expected operations with a gradient, got TopK, /);
  });

  test("the second run is told that its value is not read: what it returns in its place changes nothing", () => {
    const told: boolean[] = [];
    const idle = (params: Block, x: tf.Tensor2D, { gradientOnly }: BlockPass) => {
      told.push(gradientOnly);
      return gradientOnly ? tf.add<tf.Tensor2D>(block(params, x), 7) : block(params, x);
    };
    const loss = ({ blocks: [first], start }: Params) => mean(tf.square(checkpointed(idle, first, start)));
    expect(bitsOf(loss)).toEqual(bitsOf(({ blocks: [first], start }) => mean(tf.square(block(first, start)))));
    expect(told).toEqual([false, true]);
  });

  test("of a frozen part nothing is saved, and it does not run again", () => {
    let runs = 0;
    const counted = (params: Block, x: tf.Tensor2D) => (runs++, block(params, x));
    const loss = ({ blocks: [first, second], start }: Params) => mean(checkpointed(counted, second, checkpointed(counted, first, start)));
    bitsOf(loss, under("blocks/1"));
    expect(runs).toBe(3); // both forward, the second again
  });
});

describe("memory of checkpointed", () => {
  /** The peak within the gradient functions of 12 layers `x weight`, weights being scalars, in parts; in activations. */
  function peakOf(run: Run, parts: number): number {
    const weights = Array.from({ length: 12 }, (_, i) => tf.scalar(1 + i / 10));
    const before = tf.memory().numBytes;
    let peak = 0;
    const layer = tf.customGrad<tf.Tensor2D>((x, weight, save) => {
      (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor, weight as tf.Tensor]);
      return {
        value: tf.mul(x as tf.Tensor2D, weight as tf.Tensor),
        gradFunc: (dy: tf.Tensor2D, [x, weight]: tf.Tensor[]) => {
          peak = Math.max(peak, tf.memory().numBytes - before);
          return [tf.mul(dy, weight), tf.sum(tf.mul(dy, x))];
        },
      };
    });
    const part = (weights: readonly tf.Scalar[], x: tf.Tensor2D) => weights.reduce<tf.Tensor2D>((x, weight) => layer(x, weight), x);
    const share = weights.length / parts;
    const loss = (weights: tf.Scalar[]) =>
      mean(Array.from({ length: parts }, (_, i) => weights.slice(share * i, share * (i + 1))).reduce<tf.Tensor2D>((x, weights) => run(part, weights, x), tf.ones([128, 128])));
    tf.tidy(() => void valueAndGradients(loss, weights));
    disposeTree(weights);
    return peak / (128 * 128 * 4);
  }

  test("12 layers hold 12 inputs and a gradient; 4 parts of 3 hold 4 inputs, 2 more within a part, and a gradient", () => {
    // Clones share their data, but tf.memory() counts them: of the part's input and of the gradient there are two.
    // A hundredth of an activation is scalars.
    expectClose([peakOf(plain, 4), peakOf(checkpointed, 4)], [13, 7 + 2], { absolute: 0.01 });
  });

  test("one part of 12 layers saves nothing, and neither do 12 parts of one", () => {
    expectClose([peakOf(checkpointed, 1), peakOf(checkpointed, 12)], [13 + 2, 13 + 2], { absolute: 0.01 });
  });
});

describe("checkpointed refuses", () => {
  test("a function that returns several tensors", () => {
    for (const [made, name] of [[[params.start], "an array"], [{ x: params.start }, "an object"], [undefined, "undefined"]] as const) {
      expect(() => checkpointed((() => made) as unknown as () => tf.Tensor, params, params.start)).toThrow(
        new Error(`checkpointed(f): expected a function that returns one tensor, got ${name}. Join several with tf.concat or tf.stack.`),
      );
    }
  });

  test.for([0, 1])("nothing after an error in run %d of two: no tensor is left and the next call is right", (last) => {
    let runs = 0;
    const failing = (params: Block, x: tf.Tensor2D) => {
      if (runs++ === last) throw new Error("out of memory");
      return block(params, x);
    };
    const loss = ({ blocks: [first], start }: Params) => ((runs = 0), mean(checkpointed(failing, first, start)));
    expectNoLeak(() => void expect(() => valueAndGradients(loss, params)).toThrow("out of memory"));
    const chain = networks["a chain of blocks"];
    expect(bitsOf(chain(checkpointed))).toEqual(bitsOf(chain(plain)));
  });
});
