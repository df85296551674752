import { initParams, leaves, type ParamTree, under, valueAndEachGradient, valueAndGradients, xavierUniform, zeros } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adamw, applyUpdates, type Optimizer, sgd, type Trained, updatesAsTheyCome } from "./index.ts";

type Params = { first: tf.Tensor2D; shared: tf.Tensor2D; bias: tf.Tensor1D; unused: tf.Tensor1D };

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const fresh = (): Trained<Params> => ({
  params: initParams<Params>({ first: xavierUniform([3, 5]), shared: xavierUniform([5, 5]), bias: zeros([5]), unused: xavierUniform([2, 1]) as never }, 1),
  slots: {},
});
const x = () => tf.randomNormal<tf.Rank.R2>([7, 3], 0, 1, "float32", 1);

/** Reads one leaf twice and one not at all. */
function loss({ first, shared, bias }: Params): tf.Scalar {
  const hidden = tf.tanh(tf.add(tf.matMul(x(), first), bias)) as tf.Tensor2D;
  return tf.mean(tf.square(tf.matMul(tf.tanh(tf.matMul(hidden, shared)), shared)));
}

type Updated = { losses: number[]; state: Trained<Params> };

function together(optimizer: Optimizer, select: (path: string) => boolean): Updated {
  let state = fresh();
  const losses = [0, 1, 2].map((count) => {
    const { value, gradients } = valueAndGradients(loss, state.params, select);
    state = applyUpdates(optimizer, state, gradients, { count, schedule: 0.9 });
    return value.dataSync()[0];
  });
  return { losses, state };
}

function oneByOne(optimizer: Optimizer, select: (path: string) => boolean): Updated {
  let state = fresh();
  const losses = [0, 1, 2].map((count) => {
    const updates = updatesAsTheyCome(optimizer, state, { count, schedule: 0.9 }, select);
    const value = valueAndEachGradient(loss, state.params, updates.take, select);
    state = updates.finish();
    return value.dataSync()[0];
  });
  return { losses, state };
}

const numbersOf = (tree: ParamTree) => Object.fromEntries(leaves(tree).map(({ path, tensor }) => [path, [...tensor.dataSync()]]));
const bits = ({ losses, state }: Updated) => ({ losses, params: numbersOf(state.params), slots: numbersOf(state.slots) });

const optimizers: Record<string, Optimizer> = {
  adamw: adamw({ learningRate: 0.05, weightDecay: 0.1, decayMask: "all" }),
  "sgd with momentum": sgd({ learningRate: 0.1, momentum: 0.9 }),
};

describe("updatesAsTheyCome", () => {
  it.for(Object.keys(optimizers))("has losses, weights and moments of applyUpdates after three steps, to the bit: %s", (name) => {
    expect(bits(oneByOne(optimizers[name], () => true))).toEqual(bits(together(optimizers[name], () => true)));
  });

  it("a leaf that is not trained stays the very tensor, without slots", () => {
    const trained = under("first", "bias");
    expect(bits(oneByOne(optimizers.adamw, trained))).toEqual(bits(together(optimizers.adamw, trained)));
    const state = fresh();
    const updates = updatesAsTheyCome(optimizers.adamw, state, { count: 0, schedule: 1 }, trained);
    valueAndEachGradient(loss, state.params, updates.take, trained);
    expect(updates.finish().params.shared).toBe(state.params.shared);
  });

  it("holds no tree of gradients: after a pass through 20 layers as much is there as before it, not 20 gradients more", () => {
    const layers = 20;
    const size = 100;
    const params = { layers: Array.from({ length: layers }, () => tf.eye(size) as tf.Tensor2D) };
    const start = tf.ones<tf.Rank.R2>([1, size]);
    const f = ({ layers }: { layers: tf.Tensor2D[] }) => tf.mean<tf.Scalar>(layers.reduce((x, layer) => tf.matMul(x, layer), start));
    const before = tf.memory().numBytes;
    const added = () => (tf.memory().numBytes - before) / (4 * size ** 2);
    const { gradients } = valueAndGradients(f, params);
    expect(Math.round(added())).toBe(20);
    tf.dispose(gradients);
    const afterEach: number[] = [];
    const { take } = updatesAsTheyCome(sgd({ learningRate: 0.1 }), { params, slots: {} }, { count: 0, schedule: 1 });
    valueAndEachGradient(f, params, (path, gradient) => {
      take(path, gradient);
      afterEach.push(Math.round(added()));
    });
    // What the forward pass saved of each weight counts as a copy of it in TensorFlow.js. It goes layer by layer, and nothing comes.
    expect(afterEach).toEqual(Array.from({ length: layers }, (_, done) => afterEach[0] - done * (afterEach[0] / (layers - 1))));
    expect(afterEach.at(-1)).toBe(0);
  });

  it("nothing of the old state is left: 4 leaves with two moments each are 12 tensors", () => {
    const before = tf.memory().numTensors;
    const { state } = oneByOne(optimizers.adamw, () => true);
    expect(leaves(state.params).length + leaves(state.slots).length).toBe(12);
    expect(tf.memory().numTensors - before).toBe(12 + 3); // and three losses
  });

  it("a gradient of another shape, or of no leaf, is refused", () => {
    const { take } = updatesAsTheyCome(optimizers.adamw, fresh(), { count: 0, schedule: 1 });
    expect(() => take("first", tf.ones([5, 3]))).toThrow('updatesAsTheyCome(take): expected shape [3, 5], got [5, 3] at "first". Differentiate with respect to these parameters.');
    expect(() => take("last", tf.ones([5]))).toThrow('updatesAsTheyCome(take): expected a path of the parameters, got [5] at "last". Differentiate with respect to these parameters.');
  });
});
