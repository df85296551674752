import * as tf from "@tensorflow/tfjs-core";
import { leaves, mapLeaves, type ParamTree } from "@flexivit/params";
import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { applyUpdates, type Optimizer, type OptimizerConfig, optimizerOf, type Trained } from "./index.ts";

const all = await readFixture("optim/traces.npz");
const names = ["backbone/patchEmbedding/kernel", "backbone/blocks/0/mlp/kernel", "backbone/norm/scale", "head/kernel"];
const steps = 6;

const start = (): { [name: string]: tf.Tensor } =>
  Object.fromEntries(names.map((name) => [name, tf.tensor(all[`params/${name}`].data, [...all[`params/${name}`].shape], "float32")]));

function gradientsAt(step: number): { [name: string]: tf.Tensor } {
  const rowOf = (name: string) => {
    const { data, shape } = all[`grads/${name}`];
    const size = data.length / steps;
    return tf.tensor(data.slice(step * size, (step + 1) * size), shape.slice(1), "float32");
  };
  return Object.fromEntries(names.map((name) => [name, rowOf(name)]));
}

/** The state after recorded steps; TAKES the one before. */
function run(optimizer: Optimizer, state: Trained<ParamTree>, from: number, to: number): Trained<ParamTree> {
  let next = state;
  for (let count = from; count < to; count++) next = applyUpdates(optimizer, next, gradientsAt(count), { count, schedule: 1 });
  return next;
}

/** The parameters after six recorded steps, against those of a trace. */
function expectTrace(tag: string, config: OptimizerConfig): void {
  const { params, slots } = run(optimizerOf(config, { depth: 1 }), { params: start(), slots: {} }, 0, steps);
  // float32 noise of the references, some roundings per step
  for (const { path, tensor } of leaves(params)) expectClose(tensor, all[`${tag}/${path}`], { relative: 3e-6 });
  tf.dispose([params, slots] as tf.TensorContainer);
}

describe("six recorded steps on leaves [3, 5, 2, 7], [6, 2, 4], [4] and [5, 3]", () => {
  const nesterov = { kind: "sgd", learningRate: 0.03, momentum: 0.8, nesterov: true, weightDecay: 0.05, decayMask: "all" } as const;
  const layered = { kind: "adamw", learningRate: 0.03, weightDecay: 0.2, decayTimes: "learningRate", decayMask: "all", layerDecay: 0.5 } as const;
  const optax = { kind: "adafactor", learningRate: 0.1, minLengthToFactor: 3, b2Cap: 1, clipRms: 1, scaleByParam: true, weightDecay: 0.02 } as const;

  it.each<[string, OptimizerConfig]>([
    ["torch_sgd_nesterov", nesterov],
    ["torch_adamw_layered", layered],
    ["optax_adafactor_momentum", optax],
  ])("equal %s from its config, also after JSON", (tag, config) => {
    expectTrace(tag, JSON.parse(JSON.stringify(config)) as OptimizerConfig);
  });

  it.each<[string, string, OptimizerConfig]>([
    ["torch_sgd_nesterov", "plain momentum", { ...nesterov, nesterov: false }],
    ["torch_sgd_nesterov", "a penalty on kernels only", { ...nesterov, decayMask: "kernels" }],
    ["torch_adamw_layered", "one rate for all layers", { ...layered, layerDecay: 1 }],
    ["optax_adafactor_momentum", "unclipped leaves", { ...optax, clipRms: 0 }],
    ["optax_adafactor_momentum", "a bfloat16 momentum", { ...optax, firstMoment: "bfloat16" }],
    ["optax_adafactor_momentum", "a leaf [5, 3] that is kept whole", { ...optax, minLengthToFactor: 4 }],
  ])("%s refuses %s", (tag, _name, config) => {
    expect(() => expectTrace(tag, config)).toThrow(/expectClose/);
  });
});

describe("a run that is cut after 3 of 6 steps goes on to the same bits", () => {
  const configs: OptimizerConfig[] = [
    { kind: "adamw", learningRate: 0.03, weightDecay: 0.1, layerDecay: 0.75 },
    { kind: "adamw", learningRate: 0.03, firstMoment: "bfloat16" },
    { kind: "adam", learningRate: 0.03 },
    { kind: "sgd", learningRate: 0.03 },
    { kind: "sgd", learningRate: 0.03, momentum: 0.9 },
    { kind: "rmsprop", learningRate: 0.03, momentum: 0.9, centered: true },
    { kind: "adafactor", learningRate: 0.03, minLengthToFactor: 3 },
    { kind: "adafactor", learningRate: 0.03, minLengthToFactor: 3, momentum: 0, scaleByParam: true, clipRms: 1 },
  ];
  it.each(configs)("%j", (config) => {
    const optimizer = optimizerOf(config, { depth: 1 });
    const whole = run(optimizer, { params: start(), slots: {} }, 0, steps);
    const half = run(optimizer, { params: start(), slots: {} }, 0, 3);
    const [params, slots] = [half.params, half.slots].map((tree) => throughMemory(tree));
    const resumed = run(optimizer, { params, slots }, 3, steps);
    const [got, want] = [leaves([resumed.params, resumed.slots]), leaves([whole.params, whole.slots])];
    expect(got.map(({ path }) => path)).toEqual(want.map(({ path }) => path));
    got.forEach(({ tensor }, i) => expectClose(tensor, want[i].tensor));
    tf.dispose([whole, resumed] as tf.TensorContainer);
  });
});

/** The tree as plain numbers and back; TAKES it. */
function throughMemory(tree: ParamTree): ParamTree {
  return mapLeaves(tree, (tensor) => {
    const copy = tf.tensor(tensor.dataSync().slice(), tensor.shape, "float32");
    tensor.dispose();
    return copy;
  });
}

describe("optimizerOf", () => {
  it("names the optimiser by its kind", () => {
    const kinds = ["adamw", "adam", "sgd", "rmsprop", "adafactor"] as const;
    expect(kinds.map((kind) => optimizerOf({ kind, learningRate: 0.1 }).name)).toEqual([...kinds]);
  });

  it("refuses an unknown kind, or one that every object has, and lists the known ones", () => {
    for (const kind of ["lion", "toString"]) {
      expect(() => optimizerOf({ kind, learningRate: 1 } as unknown as OptimizerConfig)).toThrow(
        new Error(`optimizerOf(kind): expected one of adamw, adam, sgd, rmsprop, adafactor, got "${kind}". Choose one of them.`),
      );
    }
  });

  it("refuses a setting of another kind", () => {
    expect(() => optimizerOf({ kind: "sgd", learningRate: 1, b1: 0.9 } as unknown as OptimizerConfig)).toThrow(
      new Error(
        'sgd(options): expected settings out of learningRate, momentum, nesterov, weightDecay, decayMask, got "b1". ' +
          "Correct its name or leave it out.",
      ),
    );
  });

  it("refuses layer decay without a depth", () => {
    expect(() => optimizerOf({ kind: "adam", learningRate: 1, layerDecay: 0.75 })).toThrow(
      new Error("optimizerOf(model): expected the depth of the model for layerDecay, got none. Pass { depth }."),
    );
  });
});
