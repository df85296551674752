import { labelTargets } from "@flexivit/classify";
import { mixup } from "@flexivit/data";
import { distillationLoss, logitDistance, type Distance } from "@flexivit/distill";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "@flexivit/ops";
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

/** Each recorded distance between a student's logits and a teacher's. */
const distances: readonly (readonly [name: string, distance: Distance, key: string])[] = [
  ["KL", { kind: "kl" }, "kl/t1/per_example"],
  ["KL at temperature 2", { kind: "kl", temperature: 2 }, "kl/t2/per_example"],
  ["hard", { kind: "hard" }, "distance/hard"],
  ["hard, 0.1 smoothed", { kind: "hard", smoothing: 0.1 }, "distance/hard_ls"],
  ["squared", { kind: "l2" }, "distance/l2"],
  ["Euclidean", { kind: "euclidean" }, "distance/euclidean"],
  ["Euclidean of log-probabilities", { kind: "log-softmax-euclidean" }, "distance/logsoftmax_euclidean"],
];

/** Distances for distillation, the gradients of KL, and mixup. */
export async function distillationComparisons(): Promise<Comparison[]> {
  const [student, teacher] = [tensor<tf.Tensor2D>("kl/student"), tensor<tf.Tensor2D>("kl/teacher")];
  const one = (name: string, compute: () => tf.Tensor, key: string): Comparison => {
    const difference = tf.tidy(() => largestDifference(compute(), arrays[key]));
    return { area: "Distillation", name, reference: "big_vision", difference, allowed: 1e-5 + 1e-5 * largestOf(arrays[key]) };
  };
  const gradient = (temperature: number) => () => tf.grad((x) => distillationLoss(x as tf.Tensor2D, teacher, { kind: "kl", temperature }))(student);
  return [
    ...distances.map(([name, distance, key]) => one(`${name}, per example`, () => logitDistance(student, teacher, distance), key)),
    ...[1, 2].map((temperature) => one(`KL at temperature ${temperature}, gradient`, gradient(temperature), `kl/t${temperature}/grad_of_mean`)),
  ];
}

/** Images and labels mixed at the recorded weight. */
export async function mixupComparisons(): Promise<Comparison[]> {
  const [weight] = arrays["mixup/a"].data;
  return [["image", "mixed_image"], ["labels", "mixed_labels"]].map(([from, to]): Comparison => {
    const { data, shape } = arrays[`mixup/${from}`];
    const rows = Float32Array.from(data);
    mixup(rows, shape[0], weight);
    const expected = arrays[`mixup/${to}`];
    return { area: "Mixup", name: from, reference: "big_vision", difference: largestDifference(rows, expected), allowed: 2e-7 * largestOf(expected) };
  });
}
