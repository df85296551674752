import { adafactor, adam, adamw, applyUpdates, clipByGlobalNorm, rmsprop, scheduleAt, type Optimizer, type Schedule, type Trained } from "@flexivit/optim";
import { leaves, type ParamTree } from "@flexivit/params";
import { readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { largestDifference, type Comparison } from "./comparison.ts";

const arrays = await readFixture("losses-optim.npz");

const cosine = (count: number): number => scheduleAt({ kind: "cosine", totalSteps: 10, warmupSteps: 3 }, count);
const everyLeaf = { weightDecay: 0.05, decayTimes: "learningRate", decayMask: () => true } as const;

const centered = { learningRate: 0.003, momentum: 0.9, centered: true, weightDecay: 0.01, decayMask: "all" } as const;
const optax = { learningRate: 0.1, b2Cap: 1, clipRms: 1, scaleByParam: true, momentum: 0 };

/** Each recorded trace of ten steps: its optimiser, schedule and largest gradient norm. */
const traces: readonly [tag: string, reference: string, name: string, optimizer: Optimizer, scheduleOf: (count: number) => number, maxNorm?: number][] = [
  ["adamw_bv", "big_vision", "AdamW, clipped, cosine", adamw({ learningRate: 0.05, weightDecay: 0.1 }), cosine, 1],
  ["adamw_bv_bf16_mu", "big_vision", "AdamW, first moment in bfloat16", adamw({ learningRate: 0.05, weightDecay: 0.1, firstMoment: "bfloat16" }), cosine, 1],
  ["torch_adamw", "PyTorch", "AdamW", adamw({ learningRate: 0.03, ...everyLeaf }), () => 1],
  ["torch_adam", "PyTorch", "Adam", adam({ learningRate: 0.03 }), () => 1],
  ["torch_rmsprop", "PyTorch", "RMSProp", rmsprop({ learningRate: 0.01 }), () => 1],
  ["torch_rmsprop_momentum_centered", "PyTorch", "RMSProp, centered, momentum", rmsprop(centered), () => 1],
  ["optax_adafactor", "optax", "Adafactor, nothing factored", adafactor({ ...optax, minLengthToFactor: 128 }), () => 1],
  ["optax_adafactor_factored", "optax", "Adafactor, factored", adafactor({ ...optax, minLengthToFactor: 3 }), () => 1],
];

/** The recorded traces of ten steps on a quadratic of one matrix. */
const matrixTraces: readonly [tag: string, name: string, optimizer: Optimizer][] = [
  ["bv_adafactor_f32_momentum@mat", "Adafactor, momentum in float32", adafactor({ learningRate: 0.02 })],
  ["bv_adafactor@mat", "Adafactor, momentum in bfloat16", adafactor({ learningRate: 0.02, firstMoment: "bfloat16" })],
];

/** Weights after each of ten steps from recorded gradients. */
export async function optimizerComparisons(): Promise<Comparison[]> {
  const mlps = traces.map(([tag, reference, name, optimizer, scheduleOf, maxNorm]): Comparison => {
    const gradientsAt = (count: number) => rows(tag, "grads", count);
    return compare(tag, name, reference, optimizer, rows(tag, "params", 0), gradientsAt, { scheduleOf, maxNorm });
  });
  const [weight, target] = ["weight", "target"].map((name) => tf.tensor(arrays[`mat/${name}`].data, [33, 40], "float32"));
  const gradientsAt = (_count: number, params: Tree) => ({ w: tf.tidy(() => tf.mul(weight, tf.sub(params["w"], target))) });
  const matrices = matrixTraces.map(([tag, name, optimizer]) =>
    compare(tag, name, "big_vision", optimizer, { w: row(`${tag}/params/w`, 0) }, gradientsAt, { scheduleOf: () => 1 }),
  );
  return [...mlps, ...matrices];
}

type Tree = { [name: string]: tf.Tensor };

function compare(
  tag: string,
  name: string,
  reference: string,
  optimizer: Optimizer,
  params: Tree,
  gradientsAt: (count: number, params: Tree) => Tree,
  { scheduleOf, maxNorm }: { scheduleOf: (count: number) => number; maxNorm?: number },
): Comparison {
  let state: Trained<ParamTree> = { params, slots: {} };
  let difference = 0;
  for (let count = 0; count < 10; count++) {
    const gradients = gradientsAt(count, state.params as Tree);
    const clip = maxNorm === undefined ? undefined : clipByGlobalNorm(gradients, maxNorm);
    state = applyUpdates(optimizer, state, gradients, { count, schedule: scheduleOf(count), gradientScale: clip?.scale });
    for (const { path, tensor } of leaves(state.params)) difference = Math.max(difference, largestDifference(tensor, row(`${tag}/params/${path}`, count + 1)));
  }
  return { area: "Optimisers", name: `${name}, 10 steps`, reference, difference, allowed: 2e-5 };
}

const names = ["Dense_0/bias", "Dense_0/kernel", "Dense_1/bias", "Dense_1/kernel", "scale"];

function rows(tag: string, kind: "params" | "grads", index: number): { [name: string]: tf.Tensor } {
  return Object.fromEntries(names.map((name) => [name, row(`${tag}/${kind}/${name}`, index)]));
}

function row(key: string, index: number): tf.Tensor {
  const { shape, data } = arrays[key];
  const size = data.length / shape[0];
  return tf.tensor(data.slice(index * size, (index + 1) * size), shape.slice(1), "float32");
}

const ramps = { totalSteps: 40 };

/** The schedules of the fixtures: their base, which ours multiplies, and ours. */
const schedules: readonly [name: string, base: number, schedule: Schedule][] = [
  ["cosine", 0.3, { kind: "cosine", warmupSteps: 7, ...ramps }],
  ["cosine_nowarmup", 0.3, { kind: "cosine", ...ramps }],
  ["cosine_percent_scaled", 0.075, { kind: "cosine", warmupSteps: 4, ...ramps }],
  ["rsqrt", 0.3, { kind: "rsqrt", warmupSteps: 5, timescale: 10, ...ramps }],
  ["rsqrt_shift_cooldown", 0.3, { kind: "rsqrt", warmupSteps: 5, timescale: 15, shift: 3, cooldownSteps: 8, ...ramps }],
  ["linear", 0.3, { kind: "linear", warmupSteps: 4, ...ramps }],
  ["linear_end", 0.3, { kind: "linear", warmupSteps: 4, end: 0.05 / 0.3, ...ramps }],
  ["stair", 0.3, { kind: "stairs", stairs: [{ fromStep: 10, factor: 0.5 }, { fromStep: 20, factor: 0.1 }, { fromStep: 30, factor: 0.02 }], warmupSteps: 3, ...ramps }],
  ["polynomial", 0.3, { kind: "linear", warmupSteps: 5, power: 2, end: 0.01 / 0.3, ...ramps }],
];

/** Learning rates at steps 0 to 40. */
export async function scheduleComparisons(): Promise<Comparison[]> {
  return schedules.map(([name, base, schedule]) => {
    const rates = Array.from({ length: 41 }, (_, step) => base * scheduleAt(schedule, step));
    const difference = largestDifference(rates, arrays[`schedule/${name}`]);
    return { area: "Schedules", name: `${name.replaceAll("_", " ")}, 41 steps`, reference: "big_vision", difference, allowed: 3e-7 * base };
  });
}
