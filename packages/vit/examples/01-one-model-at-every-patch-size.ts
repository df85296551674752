/** One set of weights at the ten patch sizes of the paper: from 25 tokens, coarse and fast, to 900, fine and slow. */
import { useEngine } from "@flexivit/engine";
import { countParams } from "@flexivit/params";
import { paperPatchSizesAt240Px, patchScheme, schemeCost } from "@flexivit/patch-schemes";
import { initVit, vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

const { name } = await useEngine();
const config = vitConfig({ dim: 96, depth: 4, hiddenDim: 384, heads: 3 });
const params = initVit(config, 1);
const images: tf.Tensor4D = tf.randomUniform([2, 240, 240, 3], -1, 1);
console.log(`${countParams(params)} weights on ${name}`);

for (const patchSize of paperPatchSizesAt240Px) {
  const scheme = patchScheme(patchSize);
  tf.dispose(vit(params, config, images, { scheme })); // the first call at a size makes its resize matrices
  const started = performance.now();
  const features = vit(params, config, images, { scheme });
  await features.pooled.data();
  const ms = performance.now() - started;
  tf.dispose(features);
  const { tokens, multiplyAdds } = schemeCost(scheme, 240, config);
  console.log(`patch ${patchSize}: ${tokens} tokens, ${(multiplyAdds / 1e6).toFixed(0)} million multiply-adds per image, ${ms.toFixed(0)} ms`);
}
