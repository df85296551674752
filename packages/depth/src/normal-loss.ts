import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";
import { grouped, meanOfGroups, meanOver, type Average } from "./valid-pixels.ts";

export type NormalLossOptions = {
  /** `cosine`: mean of 1 - cosine of the angle, the default; `angular`: mean angle in radians. */
  kind?: "cosine" | "angular";
  /** [batch, height, width]: 1 where a pixel counts, 0 where it does not; all that have a target unless given. */
  mask?: tf.Tensor3D;
  /** `pixels` unless given. */
  average?: Average;
};

/**
 * How far the directions of surface normals are from the targets; a pixel whose target is a vector of zeros (unknown)
 * never counts. 0 where none counts.
 *
 * The angle of unit vectors a, b is `2 atan2(|a - b|, |a + b|)`, whose gradient stays finite where they agree; that of
 * acos does not.
 *
 * @param prediction [batch, height, width, 3], of any length
 * @param target [batch, height, width, 3], of any length; no gradient flows to it
 * @returns a scalar
 * @throws where the shapes differ, or the kind or average does not exist.
 */
export function normalLoss(prediction: tf.Tensor4D, target: tf.Tensor4D, options: NormalLossOptions = {}): tf.Scalar {
  const { kind = "cosine", mask, average = "pixels" } = options;
  const { batch, height, width } = axes(prediction, "normalLoss(prediction)", "batch height width 3");
  axes(target, "normalLoss(target)", "batch height width 3", { batch, height, width });
  if (mask) axes(mask, "normalLoss(mask)", "batch height width", { batch, height, width });
  if (kind !== "cosine" && kind !== "angular") {
    throw new Error(`normalLoss(kind): expected one of cosine, angular, got ${JSON.stringify(kind)}. Use one of these kinds.`);
  }
  return tf.tidy(() => {
    const known = tf.greater(tf.sum(tf.abs(target), -1), 0);
    const valid = grouped(tf.cast(mask ? tf.logicalAnd(known, tf.cast(mask, "bool")) : known, "float32"), average, "normalLoss");
    const [a, b] = [unit(prediction), unit(target)];
    const errors = kind === "cosine" ? tf.sub(1, tf.sum(tf.mul(a, b), -1)) : tf.mul(tf.atan2(length(tf.sub(a, b)), length(tf.add(a, b))), 2);
    return meanOfGroups(meanOver(grouped(errors, average, "normalLoss"), valid), valid);
  });
}

const tiny = 1e-12; // keeps gradients finite for vectors of zeros

function length(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.add(tf.sum(tf.square(x), -1), tiny));
}

function unit(x: tf.Tensor4D): tf.Tensor4D {
  return tf.div(x, tf.expandDims(length(x), -1));
}
