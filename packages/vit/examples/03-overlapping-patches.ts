/** A smaller stride gives more tokens at the same patch size: those of patches side by side are among them, unchanged. */
import { useEngine } from "@flexivit/engine";
import { formatScheme, patchScheme } from "@flexivit/patch-schemes";
import { embed, initVit, vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const config = vitConfig({ dim: 48, depth: 2, hiddenDim: 96, heads: 3 }, { positions: "none" });
const params = initVit(config, 1);
const images: tf.Tensor4D = tf.randomUniform([1, 96, 96, 3], -1, 1);

/** [gridHeight, gridWidth, dim]: the tokens before the first block. */
function gridOfTokens(stride: number): tf.Tensor3D {
  const { tokens, grid } = embed(params, config, images, { scheme: patchScheme(24, stride) });
  return tf.reshape(tokens, [grid.gridHeight, grid.gridWidth, config.dim]);
}

const sideBySide = gridOfTokens(24);
for (const stride of [24, 12, 8]) {
  const scheme = patchScheme(24, stride);
  const { grid, tokens } = vit(params, config, images, { scheme });
  const every = 24 / stride;
  const shared = tf.stridedSlice(gridOfTokens(stride), [0, 0, 0], [grid.gridHeight, grid.gridWidth, config.dim], [every, every, 1]);
  const difference = tf.max(tf.abs(tf.sub(shared, sideBySide))).dataSync()[0];
  console.log(`${formatScheme(scheme).padEnd(12)} ${tokens.shape[1]} tokens; those of 24 side by side are among them to ${difference.toExponential(0)}`);
  if (!(difference < 1e-5)) process.exitCode = 1;
}
