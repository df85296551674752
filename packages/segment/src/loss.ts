import { axes } from "@flexivit/axes";
import { softmaxCrossEntropy } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { ignoredLabel } from "./ignored-label.ts";

export type SegmentationLossOptions = {
  /** Pixels with this label do not count; 255 unless given; to be given for more than 255 classes. No more do labels that are no class. */
  ignoreLabel?: number;
  /** [classes]: how much a pixel of each class counts; 1 unless given. */
  classWeights?: readonly number[];
};

/**
 * Mean cross-entropy of the pixels: `sum(w[label] * -log p[label]) / sum(w[label])` over those that count; 0 where none does.
 *
 * @param logits [batch, height, width, classes]
 * @param labels [batch, height, width], 0 to classes - 1 or `ignoreLabel`
 * @returns a scalar, in nats
 * @throws where the shapes differ, the weights are not one finite number from 0 on per class, or 255 is a class and no label to
 *   ignore is given.
 * Source: PyTorch's `cross_entropy` with `weight` and `ignore_index`, which gives NaN where no pixel counts.
 */
export function pixelCrossEntropy(logits: tf.Tensor4D, labels: tf.Tensor3D, options: SegmentationLossOptions = {}): tf.Scalar {
  const classes = checkPixels(logits, labels, "pixelCrossEntropy");
  const ignoreLabel = ignoredLabel(options.ignoreLabel, classes, "pixelCrossEntropy");
  const { classWeights = Array<number>(classes).fill(1) } = options;
  if (classWeights.length !== classes || !classWeights.every((weight) => weight >= 0 && weight < Infinity)) {
    throw new Error(`pixelCrossEntropy(classWeights): expected ${classes} finite numbers from 0 on, got ${classWeights.join(", ")}. Give one weight per class.`);
  }
  return tf.tidy(() => {
    const targets = tf.mul(pixelTargets(labels, classes, ignoreLabel), tf.tensor1d([...classWeights])) as tf.Tensor2D;
    const total = tf.sum(softmaxCrossEntropy(tf.reshape(logits, [-1, classes]), targets));
    return quotient(total, tf.sum(targets));
  });
}

/**
 * One minus the mean Dice coefficient of the classes that the labels hold, over the pixels of the whole batch:
 * `2 sum(p t) / (sum(p) + sum(t))` per class, with p the probabilities and t 1 where the label is the class.
 *
 * @param logits [batch, height, width, classes]
 * @param labels [batch, height, width], 0 to classes - 1 or `ignoreLabel`
 * @returns a scalar from 0 to 1; 0 where no pixel counts
 * @throws where the shapes differ, or 255 is a class and no label to ignore is given.
 * Source: F. Milletari et al., "V-Net", arXiv 1606.04797, section 3, without squares in the denominator; classes that the
 * labels do not hold are left out of the mean.
 */
export function diceLoss(logits: tf.Tensor4D, labels: tf.Tensor3D, options: Pick<SegmentationLossOptions, "ignoreLabel"> = {}): tf.Scalar {
  const classes = checkPixels(logits, labels, "diceLoss");
  const ignoreLabel = ignoredLabel(options.ignoreLabel, classes, "diceLoss");
  return tf.tidy(() => {
    const targets = pixelTargets(labels, classes, ignoreLabel);
    const counts = tf.sum(targets, 1, true); // [pixels, 1]: 1 where the pixel counts
    const probabilities = tf.mul(tf.softmax(tf.reshape(logits, [-1, classes]) as tf.Tensor2D), counts);
    const [truth, overlap] = [tf.sum(targets, 0), tf.sum(tf.mul(probabilities, targets), 0)];
    const present = tf.cast(tf.greater(truth, 0), "float32");
    const dice = tf.div(tf.mul(overlap, 2), tf.add(tf.add(tf.sum(probabilities, 0), truth), tf.sub(1, present)));
    return quotient(tf.sum(tf.mul(tf.sub(1, dice), present)), tf.sum(present));
  });
}

/** [pixels, classes]: 1 on the label of each pixel that counts. */
function pixelTargets(labels: tf.Tensor3D, classes: number, ignoreLabel: number): tf.Tensor2D {
  const flat = tf.reshape(tf.cast(labels, "int32"), [-1, 1]);
  // Not tf.oneHot: on WebAssembly its float32 ones have the bits of integers.
  const hits = tf.logicalAnd(tf.equal(flat, tf.range(0, classes, 1, "int32")), tf.notEqual(flat, tf.scalar(ignoreLabel, "int32")));
  return tf.cast(hits, "float32") as tf.Tensor2D;
}

/** `a / b`, 0 where b is 0. */
function quotient(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.div<tf.Scalar>(a, tf.add(b, tf.cast(tf.equal(b, 0), "float32")));
}

function checkPixels(logits: tf.Tensor4D, labels: tf.Tensor3D, where: string): number {
  const { batch, height, width, classes } = axes(logits, `${where}(logits)`, "batch height width classes");
  axes(labels, `${where}(labels)`, "batch height width", { batch, height, width });
  return classes;
}
