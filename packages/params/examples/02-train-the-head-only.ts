/** Freezing is choosing leaves: gradient descent on the head leaves the body as it is. */
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import { disposeTree, initParams, mergeLeaves, selectLeaves, under, valueAndGradients, xavierUniform, zeros, zipLeaves } from "@flexivit/params";

type Linear = { kernel: tf.Tensor2D; bias: tf.Tensor1D };
type Params = { body: Linear; head: Linear };

await useEngine();
let params = initParams<Params>(
  {
    body: { kernel: xavierUniform([3, 16]), bias: zeros([16]) },
    head: { kernel: zeros([16, 1]), bias: zeros([1]) },
  },
  1,
);
const inputs = tf.randomNormal<tf.Rank.R2>([64, 3], 0, 1, "float32", 1);
const targets = tf.sum(inputs, 1, true);
const linear = (x: tf.Tensor2D, { kernel, bias }: Linear): tf.Tensor2D => tf.add(tf.matMul(x, kernel), bias);
const loss = ({ body, head }: Params): tf.Scalar =>
  tf.mean(tf.squaredDifference(linear(tf.tanh(linear(inputs, body)), head), targets));

const trained = under("head");
for (let step = 0; step <= 100; step++) {
  const { value, gradients } = valueAndGradients(loss, params, trained);
  const head = selectLeaves(params, trained);
  const moved = zipLeaves([head, gradients], ([parameter, gradient]) =>
    tf.tidy(() => tf.sub(parameter, tf.mul(gradient, 0.1))),
  );
  if (step % 20 === 0) console.log(`step ${step}: loss ${value.dataSync()[0].toFixed(4)}`);
  params = mergeLeaves(params, moved);
  value.dispose();
  disposeTree(gradients, head);
}
