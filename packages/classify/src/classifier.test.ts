import { valueAndGradients } from "@flexivit/params";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { classify, initClassifier } from "./classifier.ts";
import { classificationLoss } from "./loss.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const matrix = (rows: number, columns: number, seed: number) => tf.randomNormal([rows, columns], 0, 1, "float32", seed) as tf.Tensor2D;

test("a fresh head says the same for every class: zero, or its bias", () => {
  const pooled = matrix(2, 3, 1);
  expectClose(classify(initClassifier({ dim: 3, classes: 5 }, 1), { pooled }), tf.zeros([2, 5]));
  expectClose(classify(initClassifier({ dim: 3, classes: 5, bias: -10 }, 1), { pooled }), tf.fill([2, 5], -10));
});

test("kernelStd draws the kernel: the same for the same seed, with that standard deviation", () => {
  const config = { dim: 50, classes: 40, kernelStd: 0.02 };
  const [one, same, other] = [3, 3, 4].map((seed) => initClassifier(config, seed));
  expectClose(same.kernel, one.kernel);
  expect(other.kernel.dataSync()[0]).not.toBe(one.kernel.dataSync()[0]);
  const rms = Math.sqrt(tf.mean(tf.square(one.kernel)).dataSync()[0]);
  expect(Math.abs(rms / 0.02 - 1)).toBeLessThan(0.065); // 4 / sqrt(2 * 2,000)
  expectClose(one.bias, tf.zeros([40]));
});

test("logits are pooled kernel + bias: [1, 2] under [[1, 0, 2], [0, 3, 1]] + [5, 6, 7] is [6, 12, 11]", () => {
  const head = { kernel: tf.tensor2d([[1, 0, 2], [0, 3, 1]]), bias: tf.tensor1d([5, 6, 7]) };
  expectClose(classify(head, { pooled: tf.tensor2d([[1, 2]]) }), [6, 12, 11]);
});

test.each(["softmax", "sigmoid"] as const)("the gradient of the %s loss by features, kernel and bias is that of finite differences", (objective) => {
  const targets = tf.softmax(matrix(2, 5, 2));
  checkGradient(
    (pooled, kernel, bias) => classificationLoss(classify({ kernel, bias }, { pooled }), targets, objective),
    [matrix(2, 3, 3), matrix(3, 5, 4), tf.randomNormal([5], 0, 1, "float32", 5) as tf.Tensor1D],
  );
});

test("features of another width or rank, and sizes that are no whole numbers, are refused", () => {
  const head = initClassifier({ dim: 3, classes: 5 }, 1);
  expect(() => classify(head, { pooled: matrix(2, 4, 1) })).toThrow(
    new Error("classify(features.pooled): expected axes [batch, dim=3], got shape [2, 4]. Axis 1 must have length 3."),
  );
  expect(() => classify(head, { pooled: tf.zeros([2, 7, 3]) as unknown as tf.Tensor2D })).toThrow(
    new Error("classify(features.pooled): expected axes [batch, dim=3], got shape [2, 7, 3]. Reshape it to rank 2."),
  );
  expect(() => initClassifier({ dim: 2.5, classes: 5 }, 1)).toThrow(
    new Error("initClassifier(dim): expected a whole number above 0, got 2.5. Set dim to the width of the features."),
  );
  expect(() => initClassifier({ dim: 3, classes: 0 }, 1)).toThrow(
    new Error("initClassifier(classes): expected a whole number above 0, got 0. Set classes to the number of outputs."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const [pooled, targets] = [matrix(2, 3, 1), tf.softmax(matrix(2, 5, 2))];
  const head = initClassifier({ dim: 3, classes: 5, kernelStd: 1 }, 1);
  expectNoLeak(() => initClassifier({ dim: 3, classes: 5, kernelStd: 1 }, 1));
  expectNoLeak(() => classify(head, { pooled }));
  expectNoLeak(() => valueAndGradients((params: typeof head) => classificationLoss(classify(params, { pooled }), targets), head));
});
