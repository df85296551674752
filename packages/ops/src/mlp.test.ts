import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { gelu, linear, mlp, type GeluForm, type MlpParams } from "./index.ts";

const forms: GeluForm[] = ["erf", "tanh"];
const normal = (seed: number, ...shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", seed);
const x = () => normal(1, 2, 3, 5) as tf.Tensor3D;
const weights = () => [normal(2, 5, 11), normal(3, 11), normal(4, 11, 7), normal(5, 7)];

function paramsOf([hiddenKernel, hiddenBias, outputKernel, outputBias]: tf.Tensor[]): MlpParams {
  return {
    hidden: { kernel: hiddenKernel as tf.Tensor2D, bias: hiddenBias as tf.Tensor1D },
    output: { kernel: outputKernel as tf.Tensor2D, bias: outputBias as tf.Tensor1D },
  };
}

/** The same from its parts. */
function parts(x: tf.Tensor, weights: tf.Tensor[], form: GeluForm): tf.Tensor {
  const { hidden, output } = paramsOf(weights);
  return linear(gelu(linear(x, hidden.kernel, hidden.bias), form), output.kernel, output.bias);
}

test("equals linear, gelu, linear, and so do its gradients", () => {
  for (const form of forms) {
    const inputs = [x(), ...weights()];
    expectClose(mlp(paramsOf(weights()), x(), form), parts(x(), weights(), form), { relative: 1e-6 });
    const ours = tf.grads((x, ...w) => mlp(paramsOf(w), x!, form))(inputs);
    const theirs = tf.grads((x, ...w) => parts(x!, w, form))(inputs);
    for (const [i, gradient] of ours.entries()) expectClose(gradient, theirs[i]!, { relative: 2e-6 });
  }
});

test("gradients agree with finite differences", () => {
  for (const form of forms) checkGradient((x, ...w: tf.Tensor[]) => mlp(paramsOf(w), x!, form), [x(), ...weights()]);
});

test("weights that do not fit are refused by name", () => {
  const [hiddenKernel, , outputKernel, outputBias] = weights();
  expect(() => mlp(paramsOf([hiddenKernel!, tf.zeros([5]), outputKernel!, outputBias!]), x(), "erf")).toThrow(
    "mlp(hidden.bias): expected axes [hiddenDim=11], got shape [5]. Axis 0 must have length 11.",
  );
});

test("where only the gradient is wanted the result is 42 zeros and the gradients are the same to the bit", () => {
  const [dy, ...inputs] = [normal(9, 2, 3, 7), x(), ...weights()];
  const run = (gradientOnly: boolean) => (x: tf.Tensor, ...w: tf.Tensor[]) => mlp(paramsOf(w), x, "tanh", { gradientOnly });
  const [x0, ...w0] = inputs as [tf.Tensor, ...tf.Tensor[]];
  const result = run(true)(x0, ...w0);
  expect([result.shape, [...result.dataSync()]]).toEqual([[2, 3, 7], Array<number>(42).fill(0)]);
  const gradients = (gradientOnly: boolean) => tf.grads(run(gradientOnly) as (...inputs: tf.Tensor[]) => tf.Tensor)(inputs, dy).map((gradient) => [...gradient.dataSync()]);
  expect(gradients(true)).toEqual(gradients(false));
  expectNoLeak(() => run(true)(x0, ...w0));
});

test("nothing leaks, forward or backward", () => {
  const inputs = [x(), ...weights()];
  expectNoLeak(() => mlp(paramsOf(inputs.slice(1)), inputs[0]!, "erf"));
  expectNoLeak(() => tf.grads((x, ...w) => mlp(paramsOf(w), x!, "tanh"))(inputs));
});
