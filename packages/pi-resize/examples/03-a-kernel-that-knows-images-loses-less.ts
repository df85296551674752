/** Weighted by the moments of images, a 32x32 kernel keeps more of its tokens at 8x8 than by any other method; the moments come from one image. */
import { useEngine } from "@flexivit/engine";
import { imageLikeCovariance, patchCovariance, resizeCertificate, type CertificateOptions } from "@flexivit/pi-resize";
import { referenceInterpolations, resizeAxes, resizeMatrix } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const interpolation = { ...referenceInterpolations.timmFlexi.patchKernel, antialias: true };

/** An image of blobs of all sizes: noise at 5, 15, ... pixels a side, enlarged to 240 and added up. */
const image = tf.tidy(() => {
  const layers = [5, 15, 30, 60, 120].map((size) => {
    const grow = resizeMatrix(size, 240, interpolation);
    const noise: tf.Tensor4D = tf.randomNormal([1, size, size, 3], 0, 1, "float32", size);
    return tf.div<tf.Tensor4D>(resizeAxes(noise, [{ axis: 1, matrix: grow }, { axis: 2, matrix: grow }]), Math.sqrt(size));
  });
  return tf.addN(layers);
});
const moments = patchCovariance(32);
moments.add(image);
const covariance = moments.covariance();
console.log(`${moments.patches()} windows of 32x32 in one image; neighbours are correlated by ${covariance.height[15][16].toFixed(3)}`);

const methods: Record<string, CertificateOptions> = {
  "pi, no antialias": { interpolation: { ...interpolation, antialias: false } },
  bilinear: { method: "bilinear", interpolation },
  area: { method: "area", interpolation },
  pi: { interpolation },
  "pi, image-like covariance": { interpolation, covariance: imageLikeCovariance(32) },
  "pi, covariance of the image": { interpolation, covariance },
};
const errors = Object.entries(methods).map(([name, options]) => {
  const { imageTokenError = NaN } = resizeCertificate(32, 8, { ...options, patchCovariance: covariance, patchInterpolation: interpolation });
  console.log(`${name.padEnd(28)} token error ${(100 * imageTokenError).toFixed(1).padStart(5)} %`);
  return imageTokenError;
});
if (!errors.every((error) => error >= errors[errors.length - 1])) throw new Error("Another method lost less than the weighted pseudo-inverse.");
