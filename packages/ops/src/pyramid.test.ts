import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { featurePyramid, upsample, type PyramidLevel, type PyramidParams } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("ops/pyramid.npz");
const levels: PyramidLevel[] = ["x4", "x2", "x1", "half"];
const tensor = <T extends tf.Tensor>(name: string) => fixtureTensor<T>(arrays[name]);
const pair = (name: string) => ({ kernel: tensor<tf.Tensor2D>(`${name}/kernel`), bias: tensor<tf.Tensor1D>(`${name}/bias`) });
const norm = (name: string) => ({ scale: tensor<tf.Tensor1D>(`${name}/scale`), bias: tensor<tf.Tensor1D>(`${name}/bias`) });
const weights = (): PyramidParams => ({
  double: pair("double"),
  quadruple: { first: pair("quadruple/first"), norm: norm("quadruple/norm"), second: pair("quadruple/second") },
  levels: Object.fromEntries(levels.map((level) => [level, { projection: pair(`levels/${level}/projection`), norm: norm(`levels/${level}/norm`) }])),
});
const noise = { relative: 1e-5 }; // float32, sums of 8 terms through two norms

test("a cell becomes four, row by row: weights 1, 10, 100, 1000 turn the row [2, 3] into [2, 20, 3, 30] over [200, 2000, 300, 3000]", () => {
  const up = upsample({ kernel: tf.tensor2d([[1, 10, 100, 1000]]), bias: tf.zeros([4]) }, tf.tensor4d([2, 3], [1, 1, 2, 1]));
  expectClose(up, { shape: [1, 2, 4, 1], data: [2, 20, 3, 30, 200, 2000, 300, 3000] });
});

test("four levels of a map of 3x5 cells, and the gradient of their sum, equal torch's transposed convolutions and pooling", () => {
  const map = tensor<tf.Tensor4D>("map");
  const made = featurePyramid(weights(), map);
  for (const level of levels) expectClose(made[level]!, arrays[`out/${level}`], noise);
  const total = (x: tf.Tensor) => {
    const pyramid = featurePyramid(weights(), x as tf.Tensor4D);
    return tf.addN(levels.map((level) => tf.sum(tf.mul(pyramid[level]!, tensor(`cotangent/${level}`)))));
  };
  expectClose(tf.grad(total)(map), arrays["map_grad"], noise);
});

test("the gradient of the finest level by the map and the upsampling is that of finite differences", () => {
  const { quadruple, levels } = weights();
  checkGradient(
    (map: tf.Tensor4D, kernel: tf.Tensor2D, bias: tf.Tensor1D) =>
      featurePyramid({ quadruple: { ...quadruple!, first: { kernel, bias } }, levels: { x4: levels.x4 } }, map).x4!,
    [tensor<tf.Tensor4D>("map"), quadruple!.first.kernel, quadruple!.first.bias],
    { step: 2 ** -8 }, // the norms turn sharply where a cell's values are close to each other
  );
});

test("a level without its upsampling, and a map of another width, are refused", () => {
  const { levels } = weights();
  expect(() => featurePyramid({ levels: { x2: levels.x2 } }, tensor("map"))).toThrow(
    new Error('featurePyramid(params.double): expected weights for level "x2", got none. Add them or leave the level out.'),
  );
  expect(() => featurePyramid({ levels: { x1: levels.x1 } }, tf.zeros([1, 2, 3, 5]))).toThrow(
    new Error("linear(kernel): expected axes [in=5, out], got shape [8, 7]. Axis 0 must have length 5."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const [params, map] = [weights(), tensor<tf.Tensor4D>("map")];
  expectNoLeak(() => featurePyramid(params, map));
  expectNoLeak(() => tf.grad((x) => tf.sum(featurePyramid(params, x as tf.Tensor4D).half!))(map));
});
