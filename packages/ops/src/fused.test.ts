import * as tf from "@tensorflow/tfjs-core";
import { expectClose } from "@flexivit/testing";
import { expect, test } from "vitest";
import { attention, gelu, layerNorm, linear, mlp, swiglu } from "./index.ts";

const fusedNames = tf.getKernelsForBackend(tf.getBackend()).map(({ kernelName }) => kernelName).filter((name) => name.startsWith("Flexivit"));
const normal = (seed: number, ...shape: number[]) => tf.randomNormal(shape, 0.1, 1, "float32", seed);

type Block = { name: string; inputs: tf.Tensor[]; run: (...inputs: tf.Tensor[]) => tf.Tensor };

/** Lengths that end vectors, cache blocks and shares of threads unevenly. */
const blocks: Block[] = [
  { name: "linear", inputs: [normal(1, 67, 33), normal(2, 33, 19), normal(3, 19)], run: (x, k, b) => linear(x!, k as tf.Tensor2D, b as tf.Tensor1D) },
  { name: "layerNorm", inputs: [normal(1, 3, 67, 100), normal(2, 100), normal(3, 100)], run: (x, s, b) => layerNorm(x!, s as tf.Tensor1D, b as tf.Tensor1D, 1e-6) },
  { name: "gelu erf", inputs: [normal(1, 1037)], run: (x) => gelu(x!, "erf") },
  { name: "gelu tanh", inputs: [normal(1, 1037)], run: (x) => gelu(x!, "tanh") },
  ...(["erf", "tanh"] as const).map((form) => ({
    name: `mlp ${form}`,
    inputs: [normal(1, 3, 37, 20), normal(2, 20, 83), normal(3, 83), normal(4, 83, 29), normal(5, 29)],
    run: (x: tf.Tensor, ...w: tf.Tensor[]) =>
      mlp({ hidden: { kernel: w[0] as tf.Tensor2D, bias: w[1] as tf.Tensor1D }, output: { kernel: w[2] as tf.Tensor2D, bias: w[3] as tf.Tensor1D } }, x, form),
  })),
  {
    name: "swiglu",
    inputs: [normal(1, 3, 37, 20), normal(2, 20, 2 * 83), normal(3, 2 * 83), normal(4, 83, 29), normal(5, 29)],
    run: (x, ...w) => swiglu({ hidden: { kernel: w[0] as tf.Tensor2D, bias: w[1] as tf.Tensor1D }, output: { kernel: w[2] as tf.Tensor2D, bias: w[3] as tf.Tensor1D } }, x!),
  },
  ...[[1, 1, 1, 45], [2, 1, 33, 45], [1, 3, 33, 1], [45]].map((shape) => ({
    name: `attention under a mask [${shape}]`,
    inputs: [normal(1, 2, 33, 24), normal(2, 2, 45, 24), normal(3, 2, 45, 24)],
    run: (...qkv: tf.Tensor[]) => attention(...(qkv as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D]), { heads: 3, mask: normal(4, ...shape) }),
  })),
  ...([[1, 64, 225, 225], [2, 40, 7, 300], [3, 24, 65, 1]] as const).map(([heads, dim, queries, keys]) => ({
    name: `attention ${heads} x ${dim / heads}`,
    inputs: [normal(1, 2, queries, dim), normal(2, 2, keys, dim), normal(3, 2, keys, dim)],
    run: (...qkv: tf.Tensor[]) => attention(...(qkv as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D]), { heads }),
  })),
];

/** The value and the gradients of `sum(run * cotangent)` with respect to each input. */
function evaluate({ inputs, run }: Block): tf.Tensor[] {
  const shape = tf.tidy(() => run(...inputs).shape);
  const { value, grads } = tf.engine().gradients(() => run(...inputs), inputs, normal(9, ...shape), true);
  return [value, ...grads];
}

function composed<T>(run: () => T): T {
  const kernels = fusedNames.map((name) => tf.getKernel(name, tf.getBackend()));
  for (const name of fusedNames) tf.unregisterKernel(name, tf.getBackend());
  try {
    return run();
  } finally {
    kernels.forEach((kernel) => tf.registerKernel(kernel));
  }
}

test.skipIf(fusedNames.length === 0).each(blocks)("fused $name equals composed, value and gradients, to 1e-5", (block) => {
  // Sums of some hundred float32 products in another order: 1e-7 each.
  const expected = composed(() => evaluate(block));
  for (const [i, tensor] of evaluate(block).entries()) expectClose(tensor, expected[i]!, { relative: 1e-5, absolute: 1e-5 });
});

test.skipIf(fusedNames.length === 0).each(blocks)("fused $name gives the same bits twice", (block) => {
  const again = evaluate(block);
  for (const [i, tensor] of evaluate(block).entries()) expect(tensor.dataSync()).toEqual(again[i]!.dataSync());
});

test.skipIf(fusedNames.length === 0).each(blocks)("fused $name gives NaN where composed does, for a NaN at the start of an input", (block) => {
  const [first, ...rest] = block.inputs;
  const values = first!.dataSync().map((value, i) => (i === 0 ? Number.NaN : value));
  const poisoned = { ...block, inputs: [tf.tensor(values, first!.shape), ...rest] };
  const expected = composed(() => evaluate(poisoned));
  const isNaN = (tensor: tf.Tensor) => Array.from(tensor.dataSync(), Number.isNaN);
  expect(isNaN(expected[0]!)).toContain(true);
  for (const [i, tensor] of evaluate(poisoned).entries()) expect(isNaN(tensor)).toEqual(isNaN(expected[i]!));
});
