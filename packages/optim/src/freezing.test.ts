import * as tf from "@tensorflow/tfjs-core";
import { initParams, leaves, type ParamTree, under, valueAndGradients, xavierUniform, zeros } from "@flexivit/params";
import { describe, expect, it } from "vitest";
import { applyUpdates, clipByGlobalNorm, type OptimizerConfig, optimizerOf, type Trained } from "./index.ts";

type Linear = { kernel: tf.Tensor2D; bias: tf.Tensor1D };
type Params = { backbone: { blocks: Linear[] }; head: Linear };

const layer = (inputs: number, outputs: number) => ({ kernel: xavierUniform([inputs, outputs]), bias: zeros([outputs]) });
const init = (): Params => initParams<Params>({ backbone: { blocks: [layer(3, 5), layer(5, 7)] }, head: layer(7, 2) }, 1);
const linear = (x: tf.Tensor2D, { kernel, bias }: Linear): tf.Tensor2D => tf.add(tf.matMul(x, kernel), bias);
const x = tf.randomNormal<tf.Rank.R2>([11, 3], 0, 1, "float32", 1);
const y = tf.randomNormal<tf.Rank.R2>([11, 2], 0, 1, "float32", 2);

function loss({ backbone, head }: Params): tf.Scalar {
  const hidden = backbone.blocks.reduce((input, block) => tf.tanh(linear(input, block)), x);
  return tf.mean(tf.squaredDifference(linear(hidden, head), y));
}

/** Ten clipped steps of the leaves that `select` takes; losses and norms beside the state. */
function train(config: OptimizerConfig, select: (path: string) => boolean) {
  const optimizer = optimizerOf(config, { depth: 2 });
  let state: Trained<Params> = { params: init(), slots: {} };
  const rows: { loss: number; norm: number }[] = [];
  for (let count = 0; count < 10; count++) {
    const { value, gradients } = valueAndGradients(loss, state.params, select);
    const { norm, scale } = clipByGlobalNorm(gradients, 1);
    state = applyUpdates(optimizer, state, gradients, { count, schedule: 1, gradientScale: scale });
    rows.push({ loss: value.dataSync()[0], norm: norm.dataSync()[0] });
    tf.dispose([value, norm, scale]);
  }
  return { state, rows };
}

const numbersAt = (tree: ParamTree, keep: (path: string) => boolean): { [path: string]: number[] } =>
  Object.fromEntries(leaves(tree).filter(({ path }) => keep(path)).map(({ path, tensor }) => [path, Array.from(tensor.dataSync())]));

const configs: OptimizerConfig[] = [
  { kind: "adamw", learningRate: 0.02, weightDecay: 0.1, decayMask: "all", layerDecay: 0.75 },
  { kind: "adam", learningRate: 0.02 },
  { kind: "sgd", learningRate: 0.1, momentum: 0.5, weightDecay: 0.01, decayMask: "all" },
  { kind: "rmsprop", learningRate: 0.01, weightDecay: 0.01, decayMask: "all" },
  { kind: "adafactor", learningRate: 0.02, weightDecay: 0.1, decayMask: "all", minLengthToFactor: 2 },
];

describe("ten steps with a frozen backbone", () => {
  it.each(configs)("train the head, move no bit of the backbone, decay included, and remember nothing of it: %j", (config) => {
    const before = tf.memory().numTensors;
    const inBackbone = under("backbone");
    const fresh = init();
    const { state, rows } = train(config, (path) => !inBackbone(path));
    expect(numbersAt(state.params, inBackbone)).toEqual(numbersAt(fresh, inBackbone));
    expect(numbersAt(state.params, under("head"))).not.toEqual(numbersAt(fresh, under("head")));
    const remembered = new Set(leaves(state.slots).map(({ path }) => path.slice(0, path.lastIndexOf("/"))));
    expect([...remembered].toSorted()).toEqual(["head/bias", "head/kernel"]);
    expect(rows[9].loss).toBeLessThan(0.98 * rows[0].loss);
    tf.dispose([fresh, state] as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("have the gradient norm of the head alone", () => {
    const [frozen, free] = [(path: string) => !under("backbone")(path), () => true].map((select) => {
      const { state, rows } = train({ kind: "sgd", learningRate: 0.1 }, select);
      tf.dispose(state as tf.TensorContainer);
      return rows;
    });
    expect(frozen[0].loss).toBe(free[0].loss);
    expect(frozen[0].norm).toBeLessThan(0.99 * free[0].norm);
  });
});

it("a backbone that thaws after 10 steps starts its slots then and moves", () => {
  const { state } = train(configs[0], (path) => !under("backbone")(path));
  const before = numbersAt(state.params, under("backbone"));
  const { value, gradients } = valueAndGradients(loss, state.params);
  const thawed = applyUpdates(optimizerOf(configs[0], { depth: 2 }), state, gradients, { count: 10, schedule: 1 });
  for (const [path, numbers] of Object.entries(numbersAt(thawed.params, under("backbone")))) expect(numbers).not.toEqual(before[path]);
  expect(leaves(thawed.slots)).toHaveLength(12); // 6 leaves with mu and nu
  tf.dispose([value, thawed] as tf.TensorContainer);
});
