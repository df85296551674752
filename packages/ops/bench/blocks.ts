/**
 * Time of each block, forward and with its gradients, fused and composed in alternation, at the sizes of ViT-S/16 at
 * 240 px with a batch of 8 (225 tokens). Run it on a quiet machine:
 *
 *     node --conditions=@flexivit/source packages/ops/bench/blocks.ts [repeats]
 */
import { useEngine } from "@flexivit/engine";
import * as tf from "@tensorflow/tfjs-core";
import { attention, gelu, layerNorm, linear, mlp } from "../src/index.ts";

const repeats = Number(process.argv[2] ?? 10);
const engine = await useEngine();
const fusedKernels = tf.getKernelsForBackend(tf.getBackend()).filter(({ kernelName }) => kernelName.startsWith("Flexivit"));

const [batch, tokens, dim, hiddenDim, heads] = [8, 225, 384, 1536, 6];
const random = <R extends tf.Rank>(...shape: tf.ShapeMap[R]) => tf.randomNormal<R>(shape);
const x = random<tf.Rank.R3>(batch, tokens, dim);
const hidden = random<tf.Rank.R3>(batch, tokens, hiddenDim);
const [kernel, kernelUp, kernelDown] = [random<tf.Rank.R2>(dim, dim), random<tf.Rank.R2>(dim, hiddenDim), random<tf.Rank.R2>(hiddenDim, dim)];
const [vector, vectorUp] = [random<tf.Rank.R1>(dim), random<tf.Rank.R1>(hiddenDim)];

type Block = { name: string; inputs: tf.Tensor[]; run: () => tf.Tensor };

const blocks: Block[] = [
  { name: "layerNorm", inputs: [x, vector], run: () => layerNorm(x, vector, vector, 1e-6) },
  { name: "linear", inputs: [x, kernel, vector], run: () => linear(x, kernel, vector) },
  { name: "attention", inputs: [x], run: () => attention(x, x, x, { heads }) },
  { name: "gelu erf", inputs: [hidden], run: () => gelu(hidden, "erf") },
  { name: "gelu tanh", inputs: [hidden], run: () => gelu(hidden, "tanh") },
  {
    name: "mlp tanh",
    inputs: [x, kernelUp, vectorUp, kernelDown, vector],
    run: () => mlp({ hidden: { kernel: kernelUp, bias: vectorUp }, output: { kernel: kernelDown, bias: vector } }, x, "tanh"),
  },
];

function timeMs(work: () => void): number {
  const start = performance.now();
  tf.tidy(work);
  return performance.now() - start;
}

function withoutFused<T>(work: () => T): T {
  for (const { kernelName, backendName } of fusedKernels) tf.unregisterKernel(kernelName, backendName);
  try {
    return work();
  } finally {
    fusedKernels.forEach((kernel) => tf.registerKernel(kernel));
  }
}

/** The least of `repeats` times each, fused and composed one after the other so that both meet the same machine. */
function compare(work: () => void): { fusedMs: number; composedMs: number } {
  const times = Array.from({ length: repeats }, () => [timeMs(work), withoutFused(() => timeMs(work))] as const).slice(1);
  return { fusedMs: Math.min(...times.map(([fused]) => fused)), composedMs: Math.min(...times.map(([, composed]) => composed)) };
}

console.log(`${engine.name} (${engine.version}), ${engine.threads} threads, kernels ${engine.kernels}`);
for (const { name, inputs, run } of blocks) {
  const forward = compare(() => run());
  const both = compare(() => tf.engine().gradients(() => tf.sum(run()), inputs, undefined, true));
  const row = ({ fusedMs, composedMs }: typeof forward) => `${fusedMs.toFixed(1).padStart(7)} ${composedMs.toFixed(1).padStart(7)}`;
  console.log(`${name.padEnd(12)} forward fused, composed ms ${row(forward)}   with gradients ${row(both)}`);
}
