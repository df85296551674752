/** Three images of different sizes in one run, under a mask: each gives what it gives alone. */
import { useEngine } from "@flexivit/engine";
import { patchScheme } from "@flexivit/patch-schemes";
import { initVit, vit, vitConfig, vitMixed } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const config = vitConfig({ dim: 48, depth: 3, hiddenDim: 96, heads: 3 }, { pooling: "map" });
const params = initVit(config, 1);
const images = [[96, 96], [64, 128], [128, 32]].map(([height, width]): tf.Tensor4D => tf.randomUniform([1, height, width, 3], -1, 1));

for (const scheme of [patchScheme(32), patchScheme(16)]) {
  const { pooled, mask, grids } = vitMixed(params, config, images, { scheme });
  const used = tf.mean(mask).dataSync()[0];
  console.log(`patches of ${scheme.patchSize[0]} px: ${mask.shape[1]} tokens per image, ${(100 * used).toFixed(0)} % of them in use`);
  for (const [index, image] of images.entries()) {
    const alone = vit(params, config, image, { scheme }).pooled;
    const difference = tf.max(tf.abs(tf.sub(tf.slice(pooled, [index, 0], [1, config.dim]), alone))).dataSync()[0];
    const { gridHeight, gridWidth } = grids[index];
    console.log(`  ${image.shape[1]}x${image.shape[2]} px, ${gridHeight}x${gridWidth} patches: within ${difference.toExponential(0)} of the image alone`);
    if (!(difference < 1e-5)) process.exitCode = 1;
  }
}
