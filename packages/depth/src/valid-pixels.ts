import * as tf from "@tensorflow/tfjs-core";

/** How pixels are averaged: one mean over all that count ("pixels"), or per image and then over the images that have any. */
export type Average = "pixels" | "images";

/** [groups, 1]: how many pixels count, and the means of `values` [groups, pixels] over them; 0 where none does. */
export function meanOver(values: tf.Tensor2D, valid: tf.Tensor2D): tf.Tensor1D {
  return quotient(tf.sum(tf.mul(values, valid), 1), tf.sum(valid, 1));
}

/** The mean of one value per group over the groups that have a pixel; 0 where none has. */
export function meanOfGroups(values: tf.Tensor1D, valid: tf.Tensor2D): tf.Scalar {
  const there = tf.cast(tf.greater(tf.sum(valid, 1), 0), "float32");
  return quotient<tf.Scalar>(tf.sum(tf.mul(values, there)), tf.sum(there));
}

/** [groups, pixels]: one group for all images, or one per image. */
export function grouped(x: tf.Tensor, average: Average, where: string): tf.Tensor2D {
  if (average === "pixels") return tf.reshape(x, [1, x.size]);
  if (average === "images") return tf.reshape(x, [x.shape[0], x.size / x.shape[0]]);
  throw new Error(`${where}(average): expected one of pixels, images, got ${JSON.stringify(average)}. Use pixels for one mean over all.`);
}

function quotient<T extends tf.Tensor>(a: tf.Tensor, b: tf.Tensor): T {
  return tf.div<T>(a, tf.add(b, tf.cast(tf.equal(b, 0), "float32")));
}
