import { labelTargets } from "@flexivit/classify";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "@flexivit/ops";
import { adamw, applyUpdates, clipByGlobalNorm, scheduleAt, type Optimizer, type Schedule, type Trained } from "@flexivit/optim";
import { leaves, type ParamTree } from "@flexivit/params";
import { fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { largestDifference, largestOf, type Comparison } from "./comparison.ts";

const arrays = await readFixture("losses-optim.npz");
const tensor = <T extends tf.Tensor>(name: string): T => tf.cast(fixtureTensor(arrays[name]), "float32") as T;

/** Losses and their gradients by the logits. */
export async function lossComparisons(): Promise<Comparison[]> {
  const smoothed = [0, 0.1, 0.3].flatMap((share) => {
    const digits = share.toFixed(1);
    return [
      ...loss(`ce/torch_smoothing_${digits}`, "PyTorch", `cross-entropy, ${share} smoothed over all`, softmaxCrossEntropy, "ce/logits", () => targets(share, "all")),
      ...(share > 0 ? loss(`ce/bv_offvalue_smoothing_${digits}`, "big_vision", `cross-entropy, ${share} smoothed over the others`, softmaxCrossEntropy, "ce/logits", () => targets(share, "others")) : []),
    ];
  });
  return [...smoothed, ...loss("bce", "big_vision", "binary cross-entropy", sigmoidCrossEntropy, "bce/logits", () => tensor("bce/labels"))];
}

const targets = (share: number, among: "all" | "others"): tf.Tensor2D => labelTargets(arrays["ce/labels"].data, arrays["ce/logits"].shape[1], { share, among });

type PerExample = (logits: tf.Tensor2D, targets: tf.Tensor2D) => tf.Tensor;

function loss(key: string, reference: string, name: string, perExample: PerExample, logits: string, makeTargets: () => tf.Tensor2D): Comparison[] {
  const computed: Record<string, () => tf.Tensor> = {
    per_example: () => perExample(tensor(logits), makeTargets()),
    grad_of_mean: () => tf.grad((x) => tf.mean(perExample(x as tf.Tensor2D, makeTargets())))(tensor(logits)),
  };
  return Object.entries(computed).filter(([what]) => `${key}/${what}` in arrays).map(([what, compute]): Comparison => {
    const expected = arrays[`${key}/${what}`];
    const difference = tf.tidy(() => largestDifference(compute(), expected));
    return { area: "Losses", name: `${name}, ${what === "per_example" ? "per example" : "gradient"}`, reference, difference, allowed: 1e-5 + 1e-5 * largestOf(expected) };
  });
}

const cosine = (count: number): number => scheduleAt({ kind: "cosine", totalSteps: 10, warmupSteps: 3 }, count);
const everyLeaf = { weightDecay: 0.05, decayTimes: "learningRate", decayMask: () => true } as const;

/** Each recorded trace of ten steps: its optimiser, schedule and largest gradient norm. */
const traces: readonly [tag: string, reference: string, name: string, optimizer: Optimizer, scheduleOf: (count: number) => number, maxNorm?: number][] = [
  ["adamw_bv", "big_vision", "AdamW, clipped, cosine", adamw({ learningRate: 0.05, weightDecay: 0.1 }), cosine, 1],
  ["adamw_bv_bf16_mu", "big_vision", "AdamW, first moment in bfloat16", adamw({ learningRate: 0.05, weightDecay: 0.1, firstMoment: "bfloat16" }), cosine, 1],
  ["torch_adamw", "PyTorch", "AdamW", adamw({ learningRate: 0.03, ...everyLeaf }), () => 1],
  ["torch_adam", "PyTorch", "Adam", adamw({ learningRate: 0.03 }), () => 1],
];

/** Weights after each of ten steps from recorded gradients. */
export async function optimizerComparisons(): Promise<Comparison[]> {
  return traces.map(([tag, reference, name, optimizer, scheduleOf, maxNorm]) => {
    let state: Trained<ParamTree> = { params: rows(tag, "params", 0), slots: {} };
    let difference = 0;
    for (let count = 0; count < 10; count++) {
      const gradients = rows(tag, "grads", count);
      const clip = maxNorm === undefined ? undefined : clipByGlobalNorm(gradients, maxNorm);
      state = applyUpdates(optimizer, state, gradients, { count, schedule: scheduleOf(count), gradientScale: clip?.scale });
      for (const { path, tensor } of leaves(state.params)) difference = Math.max(difference, largestDifference(tensor, row(`${tag}/params/${path}`, count + 1)));
    }
    return { area: "Optimisers", name: `${name}, 10 steps`, reference, difference, allowed: 2e-5 };
  });
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
