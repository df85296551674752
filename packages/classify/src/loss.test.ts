import { expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { classificationLoss, type ClassificationObjective } from "./loss.ts";
import { labelTargets, smoothTargets, type Smoothing } from "./targets.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

// The references' own float32 noise is 3.1e-6 (softmax) and 9.3e-6 of values up to 138 (sigmoid).
const tolerance = { relative: 1e-5, absolute: 1e-5 };

const lossAndGradient = (logits: tf.Tensor2D, targets: tf.Tensor2D, objective?: ClassificationObjective) =>
  tf.valueAndGrad((x: tf.Tensor) => classificationLoss(x as tf.Tensor2D, targets, objective))(logits);

test("equal logits over 7 classes cost ln 7 with softmax, 7 ln 2 with sigmoid", () => {
  const [logits, targets] = [tf.fill([2, 7], 3) as tf.Tensor2D, labelTargets([0, 5], 7)];
  expectClose(classificationLoss(logits, targets), Math.log(7), { relative: 1e-6 });
  expectClose(classificationLoss(tf.zerosLike(logits), targets, "sigmoid"), 7 * Math.log(2), { relative: 1e-6 });
});

test.each<[string, string, Smoothing]>([
  ["PyTorch's without smoothing", "torch_smoothing_0.0", { share: 0 }],
  ["PyTorch's with smoothing 0.1", "torch_smoothing_0.1", { share: 0.1 }],
  ["PyTorch's with smoothing 0.3", "torch_smoothing_0.3", { share: 0.3, among: "all" }],
  ["big_vision's with smoothing 0.1", "bv_offvalue_smoothing_0.1", { share: 0.1, among: "others" }],
  ["big_vision's with smoothing 0.3", "bv_offvalue_smoothing_0.3", { share: 0.3, among: "others" }],
])("cross-entropy of labels equals %s, with its gradient, within 1e-5", async (_name, key, smoothing) => {
  const arrays = await readFixture("losses-optim.npz");
  const logits = fixtureTensor<tf.Tensor2D>(arrays["ce/logits"]);
  const targets = labelTargets(arrays["ce/labels"].data, logits.shape[1], smoothing);
  const { value, grad } = lossAndGradient(logits, targets);
  expectClose(value, arrays[`ce/${key}/mean`], tolerance);
  expectClose(grad, arrays[`ce/${key}/grad_of_mean`], { relative: 1e-5 });
});

test.each([0.1, 0.3])("one-hot targets smoothed by %d equal big_vision's targets and optax's losses", async (share) => {
  const arrays = await readFixture("losses-optim.npz");
  const [logits, oneHot] = [fixtureTensor<tf.Tensor2D>(arrays["ce/logits"]), fixtureTensor<tf.Tensor2D>(arrays["ce/onehot"])];
  expectClose(smoothTargets(oneHot, { share, among: "others" }), arrays[`ce/bv_offvalue_smoothing_${share}/targets`], { relative: 1e-6 });
  const perExample = arrays[`ce/optax_smooth_labels_bv_softmax_xent_${share}/per_example`].data as Float32Array;
  const mean = perExample.reduce((sum, loss) => sum + loss, 0) / perExample.length;
  expectClose(classificationLoss(logits, smoothTargets(oneHot, { share })), mean, tolerance);
});

test("sigmoid cross-entropy of several labels per picture equals big_vision's, with its gradient, within 1e-5", async () => {
  const arrays = await readFixture("losses-optim.npz");
  const [logits, targets] = [fixtureTensor<tf.Tensor2D>(arrays["bce/logits"]), fixtureTensor<tf.Tensor2D>(arrays["bce/labels"])];
  const { value, grad } = lossAndGradient(logits, tf.cast(targets, "float32"), "sigmoid");
  expectClose(value, arrays["bce/mean"], tolerance);
  expectClose(grad, arrays["bce/grad_of_mean"], { relative: 1e-5 });
});

test("another objective and targets of another shape are refused", () => {
  const logits = tf.zeros([2, 5]) as tf.Tensor2D;
  expect(() => classificationLoss(logits, logits, "hinge" as "softmax")).toThrow(
    new Error('classificationLoss(objective): expected one of softmax, sigmoid, got "hinge". Use softmax for one class per picture, sigmoid for several.'),
  );
  expect(() => classificationLoss(logits, tf.zeros([2, 3]))).toThrow(
    new Error("softmaxCrossEntropy(targets): expected axes [batch=2, classes=5], got shape [2, 3]. Axis 1 must have length 5."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const [logits, targets] = [tf.ones([2, 5]) as tf.Tensor2D, labelTargets([1, 4], 5)];
  for (const objective of ["softmax", "sigmoid"] as const) {
    expectNoLeak(() => classificationLoss(logits, targets, objective));
    expectNoLeak(() => lossAndGradient(logits, targets, objective));
  }
});
