import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { denseLoss } from "./dense-loss.ts";
import { depthLoss, type DepthLossOptions } from "./depth-loss.ts";
import { normalLoss } from "./normal-loss.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type Expected = { depth: Record<string, number>; normals: Record<string, number> };
const arrays = await readFixture("segment-depth/arrays.npz");
const expected = await readFixture<Expected>("segment-depth/expected.json");
const maps = <T extends tf.Tensor>(task: "depth" | "normals") => {
  const [prediction, target] = [`${task}/pred`, `${task}/gt`].map((name) => fixtureTensor<T>(arrays[name]));
  return { prediction, target, mask: fixtureTensor<tf.Tensor3D>(arrays[`${task}/mask`]) };
};
const kinds: (DepthLossOptions["kind"] & string)[] = ["scale-invariant", "eigen", "l1", "log-l1"];
// float32 sums over some 750 pixels
const noise = { relative: 1e-5 };

describe("depthLoss", () => {
  test("depths that are right cost nothing; three times the right ones cost ln 3 or 2 g, nothing where lambda is 1", () => {
    const { target } = maps<tf.Tensor3D>("depth");
    const known = tf.where(tf.greater(target, 0), target, tf.onesLike(target));
    for (const kind of kinds) expectClose(depthLoss(known, target, { kind }), 0, { absolute: 1e-6 }); // the root of 1e-12
    const tripled = tf.mul<tf.Tensor3D>(known, 3);
    expectClose(depthLoss(tripled, target, { kind: "log-l1" }), Math.log(3), noise);
    expectClose(depthLoss(tripled, target, { lambda: 0 }), Math.log(3), noise);
    expectClose(depthLoss(tripled, target, { lambda: 0.75 }), Math.log(3) / 2, noise);
    expectClose(depthLoss(tripled, target, { lambda: 1 }), 0, { absolute: 1e-5 }); // noise of the logarithms
    expectClose(depthLoss(tripled, target, { kind: "eigen" }), Math.log(3) ** 2 / 2, noise);
  });

  test("over 722 valid pixels the losses equal those of numpy in float64", () => {
    const { prediction, target, mask } = maps<tf.Tensor3D>("depth");
    const figures = expected.depth;
    expectClose(depthLoss(prediction, target, { mask }), figures.silog_loss_lambda_0_85, noise);
    expectClose(depthLoss(prediction, target, { mask, lambda: 1 }), figures.silog, noise);
    expectClose(depthLoss(prediction, target, { mask, kind: "eigen" }), figures.eigen_loss_lambda_0_5, noise);
    expectClose(depthLoss(prediction, target, { mask, kind: "l1" }), figures.mae, noise);
    expectClose(depthLoss(prediction, target, { mask, kind: "log-l1" }), figures.log10 * Math.LN10, noise);
  });

  test("averaged by images, it is the mean of the losses of the images; one without a pixel does not count", () => {
    const { prediction, target, mask } = maps<tf.Tensor3D>("depth");
    const one = (x: tf.Tensor3D, i: number) => tf.slice(x, [i, 0, 0], [1, -1, -1]);
    for (const kind of kinds) {
      const each = [0, 1].map((i) => depthLoss(one(prediction, i), one(target, i), { kind, mask: one(mask, i) }).dataSync()[0]);
      expectClose(depthLoss(prediction, target, { kind, mask, average: "images" }), (each[0] + each[1]) / 2, noise);
      const first = tf.mul(mask, tf.tensor3d([[[1]], [[0]]])) as tf.Tensor3D;
      expectClose(depthLoss(prediction, target, { kind, mask: first, average: "images" }), each[0], noise);
    }
  });

  test.each(kinds)("unknown depths (0, NaN) and masked pixels have neither value nor gradient in %s, and none at all costs 0", (kind) => {
    const prediction = tf.tensor3d([[[2, 3, 5, 0]]]); // a masked 0 has no logarithm, either
    const [target, mask] = [tf.tensor3d([[[1, 0, NaN, 4]]]), tf.tensor3d([[[1, 1, 1, 0]]])];
    const alone = { value: depthLoss(tf.tensor3d([[[2]]]), tf.tensor3d([[[1]]]), { kind }), grad: tf.grad((x) => depthLoss(x as tf.Tensor3D, tf.tensor3d([[[1]]]), { kind }))(tf.tensor3d([[[2]]])) };
    expectClose(depthLoss(prediction, target, { kind, mask }), alone.value, noise);
    expectClose(tf.grad((x) => depthLoss(x as tf.Tensor3D, target, { kind, mask }))(prediction), [alone.grad.dataSync()[0], 0, 0, 0], noise);
    expectClose(depthLoss(prediction, tf.zerosLike(prediction), { kind }), 0, { absolute: 1e-12 });
  });

  test.each(kinds)("the gradient of %s is that of finite differences", (kind) => {
    const { prediction, target, mask } = maps<tf.Tensor3D>("depth");
    const ahead = tf.add(target, tf.add(tf.abs(prediction), 0.5)) as tf.Tensor3D; // no kink of |p - g| near by
    for (const average of ["pixels", "images"] as const) checkGradient((x: tf.Tensor3D) => depthLoss(x, target, { kind, mask, average }), [ahead]);
  });

  test("other shapes, kinds, shares and averages are refused", () => {
    const x = tf.ones([2, 3, 5]) as tf.Tensor3D;
    expect(() => depthLoss(x, tf.ones([2, 3, 4]))).toThrow(
      new Error("depthLoss(target): expected axes [batch=2, height=3, width=5], got shape [2, 3, 4]. Axis 2 must have length 5."),
    );
    expect(() => depthLoss(x, x, { kind: "l2" as "l1" })).toThrow(
      new Error('depthLoss(kind): expected one of scale-invariant, eigen, l1, log-l1, got "l2". Use one of these kinds.'),
    );
    expect(() => depthLoss(x, x, { lambda: 1.5 })).toThrow(
      new Error("depthLoss(lambda): expected a number from 0 to 1, got 1.5. Use 0 to forgive nothing, 1 for any common factor."),
    );
    expect(() => depthLoss(x, x, { average: "batch" as "pixels" })).toThrow(
      new Error('depthLoss(average): expected one of pixels, images, got "batch". Use pixels for one mean over all.'),
    );
  });
});

describe("normalLoss", () => {
  test("30 degrees cost 1 - cos 30 and pi / 6, whatever the lengths; opposite directions cost 2 and pi", () => {
    const target = tf.tensor4d([[[[0, 0, 4], [3, 0, 0]]]]);
    const off = tf.tensor4d([[[[0, 2 * Math.sin(Math.PI / 6), 2 * Math.cos(Math.PI / 6)], [Math.cos(Math.PI / 6), 0, 0.5]]]]);
    expectClose(normalLoss(off, target), 1 - Math.cos(Math.PI / 6), noise);
    expectClose(normalLoss(off, target, { kind: "angular" }), Math.PI / 6, noise);
    expectClose(normalLoss(tf.neg(target), target), 2, noise);
    expectClose(normalLoss(tf.neg(target), target, { kind: "angular" }), Math.PI, noise);
    expectClose(normalLoss(target, target, { kind: "angular" }), 0, { absolute: 3e-6 }); // twice the root of 1e-12
  });

  test("over 747 valid pixels the mean angle equals that of numpy in float64", () => {
    const { prediction, target, mask } = maps<tf.Tensor4D>("normals");
    const angle = normalLoss(prediction, target, { kind: "angular", mask });
    expectClose(tf.mul(angle, 180 / Math.PI), expected.normals.mean_deg, noise);
  });

  test("an unknown normal, a masked one and a prediction of zeros have finite gradients, the first two none", () => {
    const prediction = tf.tensor4d([[[[1, 2, 2], [1, 0, 0], [0, 0, 0], [0, 1, 1]]]]);
    const target = tf.tensor4d([[[[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]]]);
    const mask = tf.tensor3d([[[1, 0, 1, 1]]]);
    for (const kind of ["cosine", "angular"] as const) {
      const gradient = tf.grad((x) => normalLoss(x as tf.Tensor4D, target, { kind, mask }))(prediction).dataSync();
      expect([...gradient].every(Number.isFinite)).toBe(true);
      expect(Array.from(gradient.slice(0, 6), Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    }
    expectClose(normalLoss(prediction, tf.zerosLike(target)), 0);
  });

  test.each(["cosine", "angular"] as const)("the gradient of %s is that of finite differences", (kind) => {
    const target = tf.randomNormal([2, 2, 3, 3], 0, 1, "float32", 1) as tf.Tensor4D;
    const ahead = tf.add(tf.reverse(target, 3), tf.mul(target, 0.3)) as tf.Tensor4D; // no angle near 0, where it has a kink
    const mask = tf.tensor3d([[[1, 0, 1], [1, 1, 1]], [[0, 0, 1], [1, 0, 1]]]);
    for (const average of ["pixels", "images"] as const) checkGradient((x: tf.Tensor4D) => normalLoss(x, target, { kind, mask, average }), [ahead], { step: 2 ** -8 });
  });

  test("another kind and maps of two channels are refused", () => {
    const x = tf.ones([1, 2, 3, 3]) as tf.Tensor4D;
    expect(() => normalLoss(x, x, { kind: "l2" as "cosine" })).toThrow(new Error('normalLoss(kind): expected one of cosine, angular, got "l2". Use one of these kinds.'));
    expect(() => normalLoss(tf.ones([1, 2, 3, 2]), x)).toThrow(
      new Error("normalLoss(prediction): expected axes [batch, height, width, 3], got shape [1, 2, 3, 2]. Axis 3 must have length 3."),
    );
  });
});

test("denseLoss is the weighted sum of what has a target, each term by its name before it is weighted", () => {
  const [d, n] = [maps<tf.Tensor3D>("depth"), maps<tf.Tensor4D>("normals")];
  const options = { depth: { kind: "l1", weight: 3 }, normals: { kind: "angular", weight: 0.5 }, mask: d.mask } as const;
  const [depth, normals] = [depthLoss(d.prediction, d.target, { kind: "l1", mask: d.mask }), normalLoss(n.prediction, n.target, { kind: "angular", mask: d.mask })];
  const both = denseLoss({ depth: d.prediction, normals: n.prediction }, { depth: d.target, normals: n.target }, options);
  expectClose([both.depth, both.normals, both.loss].map((x) => x.dataSync()[0]), tf.stack([depth, normals, tf.add(tf.mul(depth, 3), tf.mul(normals, 0.5))]), noise);
  const one = denseLoss({ depth: d.prediction, normals: n.prediction }, { normals: n.target });
  expect(Object.keys(one)).toEqual(["loss", "normals"]);
  expectClose(one.loss, normalLoss(n.prediction, n.target), noise);
  expect(() => denseLoss({ depth: d.prediction }, { normals: n.target })).toThrow(
    new Error("denseLoss(targets): expected a target for depth or normals, got maps [depth] and targets [normals]. Give the targets of the maps."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const [d, n] = [maps<tf.Tensor3D>("depth"), maps<tf.Tensor4D>("normals")];
  for (const kind of kinds) {
    expectNoLeak(() => depthLoss(d.prediction, d.target, { kind, mask: d.mask }));
    expectNoLeak(() => tf.grad((x) => depthLoss(x as tf.Tensor3D, d.target, { kind }))(d.prediction));
  }
  for (const kind of ["cosine", "angular"] as const) {
    expectNoLeak(() => tf.grad((x) => normalLoss(x as tf.Tensor4D, n.target, { kind, mask: n.mask }))(n.prediction));
  }
  expectNoLeak(() => denseLoss({ depth: d.prediction, normals: n.prediction }, { depth: d.target, normals: n.target }));
});
