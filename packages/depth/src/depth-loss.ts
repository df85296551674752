import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";
import { grouped, meanOfGroups, meanOver, type Average } from "./valid-pixels.ts";

export type DepthLossOptions = {
  /**
   * With p the prediction, g the target and e = ln p - ln g:
   * - `scale-invariant`: `sqrt(mean(e^2) - lambda mean(e)^2)`, lambda 0.85 unless given; the default
   * - `eigen`: `mean(e^2) - lambda mean(e)^2`, lambda 0.5 unless given
   * - `l1`: `mean(|p - g|)`
   * - `log-l1`: `mean(|e|)`
   */
  kind?: "scale-invariant" | "eigen" | "l1" | "log-l1";
  /** Share of the common factor that is forgiven, from 0 to 1. */
  lambda?: number;
  /** [batch, height, width]: 1 where a pixel counts, 0 where it does not; all that have a target unless given. */
  mask?: tf.Tensor3D;
  /** `pixels` unless given. */
  average?: Average;
};

/**
 * How far depths are from the targets; a pixel whose target is not above 0 (unknown, NaN) never counts. 0 where none counts.
 *
 * @param prediction [batch, height, width], above 0
 * @param target [batch, height, width], in the same unit; no gradient flows to it
 * @returns a scalar
 * @throws where the shapes differ, or the kind, lambda or average does not exist.
 * Source: D. Eigen et al., arXiv 1406.2283, section 3.2; the root with lambda 0.85 after J. H. Lee et al., "From big to
 * small", arXiv 1907.10326, without their factor of 10.
 */
export function depthLoss(prediction: tf.Tensor3D, target: tf.Tensor3D, options: DepthLossOptions = {}): tf.Scalar {
  const { kind = "scale-invariant", mask, average = "pixels" } = options;
  const lambda = lambdaOf(options.lambda ?? (kind === "eigen" ? 0.5 : 0.85));
  const shape = axes(prediction, "depthLoss(prediction)", "batch height width");
  axes(target, "depthLoss(target)", "batch height width", shape);
  if (mask) axes(mask, "depthLoss(mask)", "batch height width", shape);
  return tf.tidy(() => {
    const known = tf.greater(target, 0);
    const counts = mask ? tf.logicalAnd(known, tf.cast(mask, "bool")) : known;
    // 1 in place of what does not count, before any logarithm, so that neither value nor gradient becomes NaN.
    const [p, g] = [prediction, target].map((depth) => grouped(tf.where(counts, depth, tf.onesLike(depth)), average, "depthLoss"));
    const valid = grouped(tf.cast(counts, "float32"), average, "depthLoss");
    return meanOfGroups(groupLosses(p, g, valid, kind, lambda), valid);
  });
}

function groupLosses(p: tf.Tensor2D, g: tf.Tensor2D, valid: tf.Tensor2D, kind: DepthLossOptions["kind"], lambda: number): tf.Tensor1D {
  const e = () => tf.sub<tf.Tensor2D>(tf.log(p), tf.log(g));
  switch (kind) {
    case "l1":
      return meanOver(tf.abs(tf.sub(p, g)), valid);
    case "log-l1":
      return meanOver(tf.abs(e()), valid);
    case "eigen":
      return spread(e(), valid, lambda);
    case "scale-invariant":
      return tf.sqrt(tf.add(spread(e(), valid, lambda), tiny));
    default:
      throw new Error(`depthLoss(kind): expected one of scale-invariant, eigen, l1, log-l1, got ${JSON.stringify(kind)}. Use one of these kinds.`);
  }
}

/** Keeps the gradient of the root finite where prediction and target agree. */
const tiny = 1e-12;

/** `mean(e^2) - lambda mean(e)^2`, as `mean((e - mean(e))^2) + (1 - lambda) mean(e)^2`, which does not cancel. */
function spread(e: tf.Tensor2D, valid: tf.Tensor2D, lambda: number): tf.Tensor1D {
  const mean = meanOver(e, valid);
  return tf.add(meanOver(tf.square(tf.sub(e, tf.expandDims(mean, 1))), valid), tf.mul(tf.square(mean), 1 - lambda));
}

function lambdaOf(lambda: number): number {
  if (lambda >= 0 && lambda <= 1) return lambda;
  throw new Error(`depthLoss(lambda): expected a number from 0 to 1, got ${lambda}. Use 0 to forgive nothing, 1 for any common factor.`);
}
