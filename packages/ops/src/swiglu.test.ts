import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { linear, swiglu, type SwigluParams } from "./index.ts";

const [dim, hiddenDim, out] = [5, 11, 7];
const normal = (seed: number, ...shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", seed);
const x = () => normal(1, 2, 3, dim) as tf.Tensor3D;
const weights = () => [normal(2, dim, 2 * hiddenDim), normal(3, 2 * hiddenDim), normal(4, hiddenDim, out), normal(5, out)];

function paramsOf([hiddenKernel, hiddenBias, outputKernel, outputBias]: tf.Tensor[]): SwigluParams {
  return {
    hidden: { kernel: hiddenKernel as tf.Tensor2D, bias: hiddenBias as tf.Tensor1D },
    output: { kernel: outputKernel as tf.Tensor2D, bias: outputBias as tf.Tensor1D },
  };
}

/** The same with the gates and the values as two layers of their own. */
function parts(x: tf.Tensor, weights: tf.Tensor[]): tf.Tensor {
  const { hidden, output } = paramsOf(weights);
  const half = (at: number) =>
    linear(x, tf.slice2d(hidden.kernel, [0, at], [dim, hiddenDim]), tf.slice1d(hidden.bias, at, hiddenDim));
  const [gates, values] = [half(0), half(hiddenDim)];
  return linear(tf.mul(tf.mul(gates, tf.sigmoid(gates)), values), output.kernel, output.bias);
}

test("the gates come first: a gate of 0 lets nothing of a value of 5 through, a gate of 40 all of it", () => {
  const identity = tf.tensor2d([[1, 0], [0, 1]]);
  const params = paramsOf([identity, tf.zeros([2]), tf.ones([1, 1]), tf.zeros([1])]);
  const gatesAndValues = tf.tensor2d([[0, 5], [40, 5], [-40, 5], [5, 0]]);
  expectClose(swiglu(params, gatesAndValues), tf.tensor2d([[0], [200], [0], [0]]), { relative: 1e-7 });
});

test("equals two linear layers, silu, product, linear, and so do its gradients", () => {
  const inputs = [x(), ...weights()];
  expectClose(swiglu(paramsOf(weights()), x()), parts(x(), weights()), { relative: 1e-6 });
  const ours = tf.grads((x, ...w) => swiglu(paramsOf(w), x!))(inputs);
  const theirs = tf.grads((x, ...w) => parts(x!, w))(inputs);
  for (const [i, gradient] of ours.entries()) expectClose(gradient, theirs[i]!, { relative: 2e-6 });
});

test("gradients agree with finite differences", () => {
  checkGradient((x, ...w: tf.Tensor[]) => swiglu(paramsOf(w), x!), [x(), ...weights()]);
});

test("of the activations only the input and one product are kept for the backward pass: 5 tensors with the three weights", () => {
  const inputs = [x(), ...weights()];
  tf.tidy(() => {
    let kept = 0;
    const counted = () => {
      const before = tf.memory().numTensors;
      const y = swiglu(paramsOf(inputs.slice(1)), inputs[0]!);
      kept = tf.memory().numTensors - before - 1; // less the result
      return y;
    };
    tf.engine().gradients(counted, inputs, undefined, true);
    expect(kept).toBe(5);
  });
});

test("a hidden kernel of hiddenDim columns, not twice that, is refused", () => {
  const [, , outputKernel, outputBias] = weights();
  expect(() => swiglu(paramsOf([tf.zeros([dim, hiddenDim]), tf.zeros([hiddenDim]), outputKernel!, outputBias!]), x())).toThrow(
    "swiglu(hidden.kernel): expected axes [dim=5, gatesAndValues=22], got shape [5, 11]. Axis 1 must have length 22.",
  );
});

test("where only the gradient is wanted the result is 42 zeros and the gradients are the same to the bit", () => {
  const [dy, ...inputs] = [normal(9, 2, 3, 7), x(), ...weights()];
  const run = (gradientOnly: boolean) => (x: tf.Tensor, ...w: tf.Tensor[]) => swiglu(paramsOf(w), x, { gradientOnly });
  const [x0, ...w0] = inputs as [tf.Tensor, ...tf.Tensor[]];
  const result = run(true)(x0, ...w0);
  expect([result.shape, [...result.dataSync()]]).toEqual([[2, 3, 7], Array<number>(42).fill(0)]);
  const gradients = (gradientOnly: boolean) => tf.grads(run(gradientOnly) as (...inputs: tf.Tensor[]) => tf.Tensor)(inputs, dy).map((gradient) => [...gradient.dataSync()]);
  expect(gradients(true)).toEqual(gradients(false));
  expectNoLeak(() => run(true)(x0, ...w0));
});

test("nothing leaks, forward or backward", () => {
  const inputs = [x(), ...weights()];
  expectNoLeak(() => swiglu(paramsOf(inputs.slice(1)), inputs[0]!));
  expectNoLeak(() => tf.grads((x, ...w) => swiglu(paramsOf(w), x!))(inputs));
});
