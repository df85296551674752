import * as tf from "@tensorflow/tfjs-core";
import { leaves, type ParamTree } from "@flexivit/params";
import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import {
  adafactor,
  adam,
  adamw,
  applyUpdates,
  clipByGlobalNorm,
  type Optimizer,
  rmsprop,
  type Schedule,
  scheduleAt,
  type Trained,
} from "./index.ts";

// The reference traces were made in float32; the fixtures' README asks for 2e-5 absolute after ten steps.
const tolerance = { absolute: 2e-5 };

const names = ["Dense_0/bias", "Dense_0/kernel", "Dense_1/bias", "Dense_1/kernel", "scale"];
const all = await readFixture("losses-optim.npz");

/** Row `index` of a recorded trace as a tensor. */
function row(key: string, index: number): tf.Tensor {
  const { shape, data } = all[key];
  const size = data.length / shape[0];
  return tf.tensor(data.slice(index * size, (index + 1) * size), shape.slice(1), "float32");
}

function rows(tag: string, kind: "params" | "grads", index: number): { [name: string]: tf.Tensor } {
  return Object.fromEntries(names.map((name) => [name, row(`${tag}/${kind}/${name}`, index)]));
}

/** Replays ten recorded gradients and compares the parameters after each; returns the steps that agreed. */
function replay(tag: string, optimizer: Optimizer, scheduleOf: (count: number) => number, maxNorm?: number): number {
  let state: Trained<ParamTree> = { params: rows(tag, "params", 0), slots: {} };
  for (let count = 0; count < 10; count++) {
    const gradients = rows(tag, "grads", count);
    const clip = maxNorm === undefined ? undefined : clipByGlobalNorm(gradients, maxNorm);
    const step = { count, schedule: scheduleOf(count), gradientScale: clip?.scale };
    if (clip) expectClose(clip.norm, [all[`${tag}/grad_norm`].data[count]], { relative: 1e-6 });
    state = applyUpdates(optimizer, state, gradients, step);
    tf.dispose(clip ?? []);
    for (const { path, tensor } of leaves(state.params)) {
      const expected = row(`${tag}/params/${path}`, count + 1);
      expectClose(tensor, expected, tolerance);
      expected.dispose();
    }
  }
  tf.dispose(state as tf.TensorContainer);
  return 10;
}

/** Replays ten steps on the recorded quadratic and compares the weights after each; returns the steps that agreed. */
function replayMatrix(tag: string, optimizer: Optimizer): number {
  const [weight, target] = ["weight", "target"].map((name) => tf.tensor(all[`mat/${name}`].data, [33, 40], "float32"));
  let state: Trained<{ w: tf.Tensor }> = { params: { w: row(`${tag}/params/w`, 0) }, slots: {} };
  for (let count = 0; count < 10; count++) {
    const gradients = { w: tf.tidy(() => tf.mul(weight, tf.sub(state.params.w, target))) };
    state = applyUpdates(optimizer, state, gradients, { count, schedule: 1 });
    const expected = row(`${tag}/params/w`, count + 1);
    expectClose(state.params.w, expected, tolerance);
    expected.dispose();
  }
  tf.dispose([state, weight, target] as tf.TensorContainer);
  return 10;
}

const optax = { learningRate: 0.1, b2Cap: 1, clipRms: 1, scaleByParam: true, momentum: 0 };
const centered = { learningRate: 0.003, momentum: 0.9, centered: true, weightDecay: 0.01, decayMask: "all" } as const;
const cosine: Schedule = { kind: "cosine", totalSteps: 10, warmupSteps: 3 };

describe("ten steps on a small MLP from recorded gradients", () => {
  it("big_vision's AdamW: clip 1, lr 0.05, decay 0.1 on kernels, times the schedule but not lr", () => {
    const optimizer = adamw({ learningRate: 0.05, weightDecay: 0.1 });
    const schedule = (count: number) => scheduleAt(cosine, count);
    expect(replay("adamw_bv", optimizer, schedule, 1)).toBe(10);
    for (let count = 0; count < 10; count++) {
      expectClose(0.05 * schedule(count), all["adamw_bv/lr"].data[count], { absolute: 1e-8 });
    }
  });

  it("the same with a first moment in bfloat16", () => {
    const optimizer = adamw({ learningRate: 0.05, weightDecay: 0.1, firstMoment: "bfloat16" });
    expect(replay("adamw_bv_bf16_mu", optimizer, (count) => scheduleAt(cosine, count), 1)).toBe(10);
  });

  it("torch's AdamW: lr 0.03, decay 0.05 on every leaf, times lr", () => {
    const decay = { weightDecay: 0.05, decayTimes: "learningRate", decayMask: () => true } as const;
    expect(replay("torch_adamw", adamw({ learningRate: 0.03, ...decay }), () => 1)).toBe(10);
  });

  it("torch's Adam: no decay", () => {
    expect(replay("torch_adam", adam({ learningRate: 0.03 }), () => 1)).toBe(10);
  });

  it("torch's RMSProp: lr 0.01", () => {
    expect(replay("torch_rmsprop", rmsprop({ learningRate: 0.01 }), () => 1)).toBe(10);
  });

  it("the same centered, with momentum 0.9 and a penalty of 0.01 on every leaf", () => {
    expect(replay("torch_rmsprop_momentum_centered", rmsprop(centered), () => 1)).toBe(10);
  });

  it("optax's Adafactor: lr 0.1 times the leaf's size, clipped to 1, nothing factored below 128", () => {
    expect(replay("optax_adafactor", adafactor({ ...optax, minLengthToFactor: 128 }), () => 1)).toBe(10);
  });

  it("the same with the kernels of 4x5 and 5x3 factored", () => {
    expect(replay("optax_adafactor_factored", adafactor({ ...optax, minLengthToFactor: 3 }), () => 1)).toBe(10);
  });
});

describe("ten steps on a matrix of 33x40, each from the gradient weight x (w - target) at its own weights", () => {
  it("big_vision's Adafactor: lr 0.02, factored from 32 on, momentum 0.9 in float32", () => {
    expect(replayMatrix("bv_adafactor_f32_momentum@mat", adafactor({ learningRate: 0.02 }))).toBe(10);
  });

  it("the same with a momentum in bfloat16", () => {
    expect(replayMatrix("bv_adafactor@mat", adafactor({ learningRate: 0.02, firstMoment: "bfloat16" }))).toBe(10);
  });

  it.each([
    ["a float32 momentum", adafactor({ learningRate: 0.02 })],
    ["a whole second moment", adafactor({ learningRate: 0.02, firstMoment: "bfloat16", minLengthToFactor: 34 })],
  ])("and its trace refuses %s", (_name, optimizer) => {
    expect(() => replayMatrix("bv_adafactor@mat", optimizer)).toThrow(/expectClose/);
  });
});

describe("the traces can tell settings apart", () => {
  const wrong: [string, string, Optimizer][] = [
    ["adamw_bv_bf16_mu", "a float32 first moment", adamw({ learningRate: 0.05, weightDecay: 0.1 })],
    ["adamw_bv", "decay times lr", adamw({ learningRate: 0.05, weightDecay: 0.1, decayTimes: "learningRate" })],
    ["adamw_bv", "decay on every leaf", adamw({ learningRate: 0.05, weightDecay: 0.1, decayMask: () => true })],
  ];
  it.each(wrong)("%s refuses %s", (tag, _name, optimizer) => {
    expect(() => replay(tag, optimizer, (count) => scheduleAt(cosine, count), 1)).toThrow(/expectClose/);
  });

  const wrongAtConstantRate: [string, string, Optimizer][] = [
    ["torch_rmsprop_momentum_centered", "squares about 0", rmsprop({ ...centered, centered: false })],
    ["torch_rmsprop_momentum_centered", "no momentum", rmsprop({ ...centered, momentum: 0 })],
    ["torch_rmsprop_momentum_centered", "a penalty on kernels only", rmsprop({ ...centered, decayMask: "kernels" })],
    ["optax_adafactor", "factored kernels", adafactor({ ...optax, minLengthToFactor: 3 })],
    ["optax_adafactor", "steps that disregard the leaf's size", adafactor({ ...optax, scaleByParam: false })],
  ];
  it.each(wrongAtConstantRate)("%s refuses %s", (tag, _name, optimizer) => {
    expect(() => replay(tag, optimizer, () => 1)).toThrow(/expectClose/);
  });
});

it("a tree nested in objects and arrays is updated as the flat one, wherever its slots come from", () => {
  const nested = (flat: { [name: string]: tf.Tensor }) => ({
    layers: [0, 1].map((i) => ({ kernel: flat[`Dense_${i}/kernel`], bias: flat[`Dense_${i}/bias`] })),
    scale: flat["scale"],
  });
  const optimizer = adamw({ learningRate: 0.05, weightDecay: 0.1 });
  let state = { params: nested(rows("adamw_bv", "params", 0)), slots: {} as ParamTree };
  for (const count of [0, 1, 2]) {
    const gradients = nested(rows("adamw_bv", "grads", count));
    const clip = clipByGlobalNorm(gradients, 1);
    state = applyUpdates(optimizer, state, gradients, { count, schedule: scheduleAt(cosine, count), gradientScale: clip.scale });
    // As a file gives them back: the same paths, nested instead of flat.
    state.slots = unflatten(state.slots);
    tf.dispose(clip);
  }
  expectClose(state.params.layers[1].kernel, fixtureRow("adamw_bv/params/Dense_1/kernel", 3), tolerance);
  expectClose(state.params.scale, fixtureRow("adamw_bv/params/scale", 3), tolerance);
  tf.dispose(state as tf.TensorContainer);
});

function fixtureRow(key: string, index: number): Float32Array {
  const { shape, data } = all[key];
  const size = data.length / shape[0];
  return Float32Array.from(data.slice(index * size, (index + 1) * size));
}

function unflatten(tree: ParamTree): ParamTree {
  const root: Record<string, never> = {};
  for (const { path, tensor } of leaves(tree)) {
    const parts = path.split("/");
    let node = root as Record<string, unknown>;
    for (const part of parts.slice(0, -1)) node = (node[part] ??= {}) as Record<string, unknown>;
    node[parts[parts.length - 1]] = tensor;
  }
  return root;
}

