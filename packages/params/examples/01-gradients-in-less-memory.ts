/** The gradients of a 20-layer network, equal to the engine's own, at a lower peak of memory. */
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import { countParams, initParams, type InitTree, leaves, valueAndGradients, xavierUniform } from "@flexivit/params";

type Params = { blocks: { kernel: tf.Tensor2D }[] };

const spec: InitTree<Params> = { blocks: Array.from({ length: 20 }, () => ({ kernel: xavierUniform([64, 64]) })) };

const loss = ({ blocks }: Params): tf.Scalar => {
  const deep = blocks.reduce<tf.Tensor2D>((x, { kernel }) => tf.tidy(() => tf.tanh(tf.matMul(x, kernel))), tf.ones([512, 64]));
  return tf.mean(tf.square(deep));
};

/** The most MB that tensors held while `f` ran. */
const peakMB = async (f: () => void): Promise<string> => {
  const { peakBytes } = await tf.profile(() => {
    tf.tidy(f);
    return [];
  });
  return (peakBytes / 1e6).toFixed(1);
};

await useEngine();
const params: Params = initParams(spec, 1);
const kernels = leaves(params).map(({ tensor }) => tensor);

const { value, gradients } = valueAndGradients(loss, params);
console.log(`${countParams(params)} parameters, loss ${value.dataSync()[0].toFixed(4)}`);
for (const { path, tensor } of leaves(gradients).slice(0, 2)) {
  console.log(`gradient of ${path}: norm ${tf.norm(tensor).dataSync()[0].toExponential(2)}`);
}
console.log(`peak of valueAndGradients: ${await peakMB(() => void valueAndGradients(loss, params))} MB`);
console.log(`peak of tf.grads:          ${await peakMB(() => void tf.engine().gradients(() => loss(params), kernels))} MB`);
