/** A backbone needs no transformer: this one describes each patch by its mean colour, at any patch scheme. */
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import type { Backbone } from "@flexivit/features";

type Colours = { kernel: tf.Tensor2D /* [channels, dim] */ };

const colours: Backbone<Colours> = ({ kernel }, images, { scheme }) => {
  const means = tf.avgPool(images, [...scheme.patchSize], [...scheme.stride], "valid");
  const [batch, gridHeight, gridWidth, channels] = means.shape;
  const dim = kernel.shape[1];
  const tokens = tf.reshape(
    tf.matMul(tf.reshape<tf.Rank.R2>(means, [batch * gridHeight * gridWidth, channels]), kernel),
    [batch, gridHeight * gridWidth, dim],
  ) as tf.Tensor3D;
  return { tokens, grid: { gridHeight, gridWidth }, pooled: tf.mean<tf.Tensor2D>(tokens, 1), blocks: {} };
};

await useEngine();
for (const side of [30, 16, 12]) {
  const scheme = { patchSize: [side, side], stride: [side, side] } as const;
  const { tokens, grid, pooled } = colours({ kernel: tf.ones([3, 7]) }, tf.ones([2, 240, 240, 3]), { scheme });
  console.log(`patch ${side}: grid ${grid.gridHeight} x ${grid.gridWidth}, tokens [${tokens.shape}], pooled [${pooled.shape}]`);
}
