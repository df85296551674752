import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { diceLoss, pixelCrossEntropy } from "./loss.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("segment-depth/decoders.npz");
const logits = () => fixtureTensor<tf.Tensor4D>(arrays["loss/logits"]); // [2, 5, 7, 4]
const labels = () => fixtureTensor<tf.Tensor3D>(arrays["loss/labels"]); // 0, 1, 2 and 255
const classWeights = [0.5, 2, 1, 3];
const losses = {
  ce: (x: tf.Tensor4D) => pixelCrossEntropy(x, labels()),
  weighted: (x: tf.Tensor4D) => pixelCrossEntropy(x, labels(), { classWeights }),
  dice: (x: tf.Tensor4D) => diceLoss(x, labels()),
};

test("equal logits cost ln 4 per pixel of 4 classes; logits that are sure and right cost nothing, by both losses", () => {
  expectClose(pixelCrossEntropy(tf.zerosLike(logits()), labels()), Math.log(4), { relative: 1e-6 });
  const truth = tf.tensor3d([[[2, 0], [1, 255]]]);
  const sure = tf.mul(tf.cast(tf.equal(tf.expandDims(truth, 3), tf.range(0, 4)), "float32"), 50) as tf.Tensor4D;
  expectClose(pixelCrossEntropy(sure, truth), 0, { absolute: 1e-6 });
  expectClose(diceLoss(sure, truth), 0, { absolute: 1e-6 });
});

test("pixels of the label to ignore do not count, whichever it is, and no pixel at all costs 0 with a gradient of 0", () => {
  const truth = tf.tensor3d([[[2, 0, 1]]]);
  const [x] = [tf.randomNormal([1, 1, 3, 4], 0, 1, "float32", 1) as tf.Tensor4D];
  const firstAndLast = tf.gather(x, tf.tensor1d([0, 2], "int32"), 2);
  for (const loss of [pixelCrossEntropy, diceLoss]) {
    expectClose(loss(x, truth, { ignoreLabel: 0 }), loss(firstAndLast, tf.tensor3d([[[2, 1]]])), { relative: 1e-6 });
    const none = tf.fill([1, 1, 3], 255) as tf.Tensor3D;
    expectClose(loss(x, none), 0);
    expectClose(tf.grad((logits) => loss(logits as tf.Tensor4D, none))(x), tf.zerosLike(x));
  }
});

test("pixels of class 255 of 256 count where another label is to be ignored; where none is given they would not, and are refused", () => {
  const truth = tf.tensor3d([[[255, 3, -1]]]);
  const x = tf.mul(tf.cast(tf.equal(tf.tensor4d([255, 7, 3], [1, 1, 3, 1]), tf.range(0, 256)), "float32"), 50) as tf.Tensor4D;
  expectClose(pixelCrossEntropy(x, truth, { ignoreLabel: -1 }), 25, { relative: 1e-6 }); // nothing for 255, which is right, 50 for 3
  expectClose(diceLoss(x, truth, { ignoreLabel: -1 }), 0.5, { relative: 1e-6 }); // nothing and 1
  for (const loss of [pixelCrossEntropy, diceLoss]) {
    expect(() => loss(x, truth)).toThrow(
      new Error(`${loss.name}(ignoreLabel): expected one beside 256 classes, of which 255 is one, got none. Give a number that is no class, such as -1.`),
    );
  }
});

test.each(["ce", "weighted", "dice"] as const)("%s and its gradient equal those of PyTorch and segmentation-models-pytorch", (name) => {
  // float32 noise of the reference
  expectClose(losses[name](logits()), arrays[`loss/${name}`], { relative: 1e-5 });
  expectClose(tf.grad((x) => losses[name](x as tf.Tensor4D))(logits()), arrays[`loss/${name}/gradient`], { relative: 1e-5 });
});

test.each(["ce", "weighted", "dice"] as const)("the gradient of %s is that of finite differences", (name) => {
  checkGradient(losses[name], [logits()]);
});

test("labels of another size and weights that are not one per class are refused", () => {
  expect(() => pixelCrossEntropy(logits(), tf.zeros([2, 5, 6]))).toThrow(
    new Error("pixelCrossEntropy(labels): expected axes [batch=2, height=5, width=7], got shape [2, 5, 6]. Axis 2 must have length 7."),
  );
  expect(() => diceLoss(logits(), tf.zeros([2, 4, 7]))).toThrow(
    new Error("diceLoss(labels): expected axes [batch=2, height=5, width=7], got shape [2, 4, 7]. Axis 1 must have length 5."),
  );
  for (const [weights, got] of [[[1, 2], "1, 2"], [[1, 1, NaN, 1], "1, 1, NaN, 1"], [[1, 1, 1, -1], "1, 1, 1, -1"]] as const) {
    expect(() => pixelCrossEntropy(logits(), labels(), { classWeights: weights })).toThrow(
      new Error(`pixelCrossEntropy(classWeights): expected 4 finite numbers from 0 on, got ${got}. Give one weight per class.`),
    );
  }
});

test.each(["ce", "weighted", "dice"] as const)("%s leaves nothing behind, forward or backward", (name) => {
  const [x, truth] = [logits(), labels()];
  const loss = (x: tf.Tensor4D) => (name === "dice" ? diceLoss(x, truth) : pixelCrossEntropy(x, truth, name === "ce" ? {} : { classWeights }));
  expectNoLeak(() => loss(x));
  expectNoLeak(() => tf.grad((x) => loss(x as tf.Tensor4D))(x));
});
