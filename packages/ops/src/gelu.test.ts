import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { gelu, type GeluForm } from "./index.ts";

const forms: GeluForm[] = ["erf", "tanh"];

/** -8 to 8 in steps of 1/16: both tails, where the unit is 0 or x, and all between. */
const grid = Array.from({ length: 257 }, (_, i) => (i - 128) / 16);

test("gelu(0) = 0, gelu(20) = 20, gelu(-20) = 0, and infinities keep their limits away from NaN at 1e4", () => {
  for (const form of forms) expectClose(gelu(tf.tensor1d([0, 20, -20, 1e4, -1e4]), form), [0, 20, 0, 1e4, 0], { absolute: 1e-6 });
});

test("NaN stays NaN", () => {
  for (const form of forms) expect(gelu(tf.tensor1d([Number.NaN]), form).dataSync()[0]).toBeNaN();
});

test("agrees with float64 to 1e-6 between -8 and 8 in both forms, which differ from each other by 5e-4", () => {
  // The error function of some engines is a polynomial with an error of 1.5e-7; times x / 2 that is 6e-7.
  expectClose(gelu(tf.tensor1d(grid), "erf"), grid.map(exact), { absolute: 1e-6 });
  expectClose(gelu(tf.tensor1d(grid), "tanh"), grid.map(approximate), { absolute: 1e-6 });
  const largest = Math.max(...grid.map((x) => Math.abs(exact(x) - approximate(x))));
  expect(largest).toBeGreaterThan(4e-4);
  expect(largest).toBeLessThan(5e-4);
});

test("slopes agree with float64 differences to 5e-6 between -8 and 8", () => {
  const h = 1e-4;
  const slope = (f: (x: number) => number) => grid.map((x) => (f(x + h) - f(x - h)) / (2 * h));
  const taken = (form: GeluForm) => tf.grad((x) => gelu(x, form))(tf.tensor1d(grid));
  // Where tanh rounds to 1 the slope of its argument, times x, is up to 40: rounding of 6e-8 becomes 2e-6.
  expectClose(taken("erf"), slope(exact), { absolute: 2e-6 });
  expectClose(taken("tanh"), slope(approximate), { absolute: 5e-6 });
});

test("gradients agree with finite differences", () => {
  for (const form of forms) checkGradient((x) => gelu(x, form), [tf.randomNormal([2, 3, 5], 0, 1, "float32", 1)]);
});

test("an unknown form is refused", () => {
  expect(() => gelu(tf.tensor1d([0]), "fast" as GeluForm)).toThrow(
    "gelu(form): expected one of erf, tanh, got fast. Choose the form that the weights were trained with.",
  );
});

test("nothing leaks, forward or backward", () => {
  const x = tf.tensor1d(grid);
  for (const form of forms) {
    expectNoLeak(() => gelu(x, form));
    expectNoLeak(() => tf.grad((x) => gelu(x, form))(x));
  }
});

function exact(x: number): number {
  return (x * (1 + erf(x * Math.SQRT1_2))) / 2;
}

function approximate(x: number): number {
  return (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
}

/** Maclaurin series near 0 and continued fraction in the tails, to float64 rounding. */
function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 100; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return 1 - Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}
