/** A 16-layer network whose blocks of 4 layers are run again in the backward pass: the same bits, a lower peak. */
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import { checkpointed, disposeTree, initParams, leaves, valueAndGradients, xavierUniform } from "@flexivit/params";

type Block = { kernels: tf.Tensor2D[] };

await useEngine();
const blocks = initParams<Block[]>(Array.from({ length: 4 }, () => ({ kernels: Array.from({ length: 4 }, () => xavierUniform([64, 64])) })), 1);
const images = tf.randomNormal<tf.Rank.R2>([2048, 64], 0, 1, "float32", 1);

const block = ({ kernels }: Block, x: tf.Tensor2D): tf.Tensor2D => kernels.reduce<tf.Tensor2D>((x, kernel) => tf.tidy(() => tf.tanh(tf.matMul(x, kernel))), x);
const whole = (blocks: Block[]) => tf.mean<tf.Scalar>(tf.square(blocks.reduce((x, params) => block(params, x), images)));
const inParts = (blocks: Block[]) => tf.mean<tf.Scalar>(tf.square(blocks.reduce((x, params) => checkpointed(block, params, x), images)));

/** The bytes of all gradients, and the most MB that tensors held meanwhile. */
async function measure(loss: (blocks: Block[]) => tf.Scalar): Promise<{ bits: string; peakMB: number }> {
  let bits = "";
  const { peakBytes } = await tf.profile(() => {
    const { value, gradients } = valueAndGradients(loss, blocks);
    bits = leaves(gradients).map(({ tensor }) => [...tensor.dataSync()].join()).join();
    value.dispose();
    disposeTree(gradients);
    return [];
  });
  return { bits, peakMB: peakBytes / 1e6 };
}

const [plain, again] = [await measure(whole), await measure(inParts)];
console.log(`peak ${plain.peakMB.toFixed(1)} MB plain, ${again.peakMB.toFixed(1)} MB checkpointed`);
console.log(`the same gradients to the bit: ${plain.bits === again.bits}`);
if (plain.bits !== again.bits || again.peakMB > 0.6 * plain.peakMB) process.exitCode = 1;
