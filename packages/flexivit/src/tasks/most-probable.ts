import * as tf from "@tensorflow/tfjs-core";

/** [batch * height * width]: the class with the largest of the logits [batch, height, width, classes]. */
export async function mostProbable(logits: tf.Tensor4D): Promise<Int32Array> {
  const labels = tf.argMax(logits, -1);
  try {
    return (await labels.data()) as Int32Array;
  } finally {
    labels.dispose();
  }
}
