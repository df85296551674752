/** Patches and kernel resized from 16 to 24 pixels give the tokens of the originals: PI-resize undoes the resize of the patch. */
import { useEngine } from "@flexivit/engine";
import { resizePatchKernel, type KernelResizeMethod } from "@flexivit/pi-resize";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const kernel: tf.Tensor4D = tf.randomNormal([16, 16, 3, 64], 0, 0.05, "float32", 1);
const images: tf.Tensor4D = tf.randomUniform([2, 16, 16, 3], -1, 1, "float32", 2); // one patch each
const larger = tf.image.resizeBilinear(images, [24, 24], false, true);

const tokens = tf.conv2d(images, kernel, 16, "valid");
for (const method of ["pi", "bilinear", "norm", "area"] satisfies KernelResizeMethod[]) {
  const resized = tf.conv2d(larger, resizePatchKernel(kernel, 24, { method }), 24, "valid");
  const error = tf.div(tf.norm(tf.sub(resized, tokens)), tf.norm(tokens)).dataSync()[0];
  console.log(`${method.padEnd(8)} error of the tokens: ${error.toExponential(1)}`);
  if (method === "pi" && error > 1e-5) throw new Error("PI-resize changed the tokens.");
}
