import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { distillationLoss, logitDistance, type Distance } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("losses-optim.npz");
const student = () => fixtureTensor<tf.Tensor2D>(arrays["kl/student"]); // [6, 7]
const teacher = () => fixtureTensor<tf.Tensor2D>(arrays["kl/teacher"]);
// float32 noise of the reference: up to 1e-6 on values of order 1 to 10
const noise = { relative: 1e-5, absolute: 1e-5 };
const everyKind: Distance[] = [{ kind: "kl", temperature: 2 }, { kind: "hard", smoothing: 0.1 }, { kind: "l2" }, { kind: "euclidean" }, { kind: "log-softmax-euclidean" }];

test("equal logits are at distance 0 by every kind but hard, and KL does not see a constant added to all logits", () => {
  for (const kind of ["kl", "l2", "euclidean", "log-softmax-euclidean"] as const) {
    expectClose(logitDistance(teacher(), teacher(), { kind }), tf.zeros([6]), { absolute: 2e-6 }); // the root of 1e-12, and float32 noise
  }
  const distance = { kind: "kl", temperature: 3 } as const;
  expectClose(logitDistance(tf.add(student(), 5), tf.sub(teacher(), 2), distance), logitDistance(student(), teacher(), distance), noise);
});

test.each([
  [{ kind: "kl" }, "kl/t1/per_example"],
  [{ kind: "kl", temperature: 2 }, "kl/t2/per_example"],
  [{ kind: "hard" }, "distance/hard"],
  [{ kind: "hard", smoothing: 0.1 }, "distance/hard_ls"],
  [{ kind: "l2" }, "distance/l2"],
  [{ kind: "euclidean" }, "distance/euclidean"],
  [{ kind: "log-softmax-euclidean" }, "distance/logsoftmax_euclidean"],
] as [Distance, string][])("%o of 6 examples with 7 classes equals big_vision's", (distance, name) => {
  expectClose(logitDistance(student(), teacher(), distance), arrays[name], noise);
});

test.each([1, 2])("the mean of KL at temperature %i and its gradient equal big_vision's", (temperature) => {
  const loss = (logits: tf.Tensor2D) => distillationLoss(logits, teacher(), { kind: "kl", temperature });
  expectClose(loss(student()), arrays[`kl/t${temperature}/mean`], noise);
  expectClose(tf.grad(loss as (x: tf.Tensor) => tf.Tensor)(student()), arrays[`kl/t${temperature}/grad_of_mean`], noise);
});

test("every kind has the gradient of its values, and none flows to the teacher", () => {
  for (const distance of everyKind) checkGradient((logits: tf.Tensor2D) => logitDistance(logits, teacher(), distance), [student()]);
  for (const distance of everyKind) {
    const ofOne = tf.grad((logits) => distillationLoss(logits as tf.Tensor2D, teacher(), distance))(student());
    const ofBoth = tf.grad((logits) => distillationLoss(logits as tf.Tensor2D, tf.add(logits, tf.sub(teacher(), student())), distance))(student());
    expectClose(ofBoth, ofOne, { relative: 1e-5 }); // the second way to the teacher's logits rounds differently
  }
});

test("other shapes, kinds, temperatures and smoothings are refused", () => {
  const [a, b] = [student(), teacher()];
  const message = (distance: unknown, logits = b) => {
    try {
      return String(logitDistance(a, logits, distance as Distance).shape);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(message({ kind: "kl" }, tf.zeros([6, 5]))).toBe("logitDistance(teacher): expected axes [batch=6, classes=7], got shape [6, 5]. Axis 1 must have length 7.");
  expect(message({ kind: "cosine" })).toBe(
    'logitDistance(kind): expected one of kl, hard, l2, euclidean, log-softmax-euclidean, got "cosine". Use one of these kinds.',
  );
  for (const temperature of [0, -1, NaN, Infinity]) {
    expect(message({ kind: "kl", temperature })).toBe(
      `logitDistance(temperature): expected a finite number above 0, got ${temperature}. Use 1 for the probabilities as they are.`,
    );
  }
  expect(message({ kind: "hard", smoothing: 1 })).toBe(
    "logitDistance(smoothing): expected a share from 0 to below 1, and at least 2 classes, got 1 and 7. Use 0 for none.",
  );
});

test("nothing is left behind, forward or backward", () => {
  const [a, b] = [student(), teacher()];
  for (const distance of everyKind) {
    expectNoLeak(() => distillationLoss(a, b, distance));
    expectNoLeak(() => tf.grad((x) => distillationLoss(x as tf.Tensor2D, b, distance))(a));
  }
});
