import { medianOf, normalCounts, type NormalCounts } from "./normal-counts.ts";

/**
 * The angles between estimated and true surface normals of one image, in degrees, of the pixels that count; a pixel whose
 * truth is a vector of zeros (unknown) never does.
 *
 * @param prediction [pixels, 3], of any length above 0
 * @param truth [pixels, 3], of any length
 * @param mask [pixels]: 1 or true where a pixel counts; all that have a truth unless given
 * @returns [counted]; float32, so that a data set of a hundred million pixels fits into memory
 * @throws where the lengths differ, or a prediction that counts has no direction.
 */
export function normalErrors(prediction: ArrayLike<number>, truth: ArrayLike<number>, mask?: ArrayLike<number | boolean>): Float32Array {
  const pixels = truth.length / 3;
  for (const [name, length, expected] of [["prediction", prediction.length, truth.length], ["mask", mask?.length ?? pixels, pixels]] as const) {
    if (length !== expected) throw new Error(`normalErrors(${name}): expected ${expected} values for ${pixels} pixels of the truth, got ${length}. Resize it.`);
  }
  const angles = new Float32Array(pixels);
  let counted = 0;
  for (let i = 0; i < pixels; i++) {
    const lengths = length(truth, i) * length(prediction, i);
    if (length(truth, i) === 0 || (mask && !mask[i])) continue;
    if (!(lengths > 0 && lengths < Infinity)) throw new Error(`normalErrors(prediction): expected a vector with a direction, got a length of ${length(prediction, i)} at pixel ${i}. Mask it.`);
    const product = prediction[3 * i] * truth[3 * i] + prediction[3 * i + 1] * truth[3 * i + 1] + prediction[3 * i + 2] * truth[3 * i + 2];
    angles[counted++] = (Math.acos(Math.min(1, Math.max(-1, product / lengths))) * 180) / Math.PI;
  }
  return angles.slice(0, counted);
}

const length = (vectors: ArrayLike<number>, i: number): number => Math.hypot(vectors[3 * i], vectors[3 * i + 1], vectors[3 * i + 2]);

/** Figures of angles in degrees; shares are from 0 to 1. */
export type NormalMetrics = { meanDeg: number; medianDeg: number; rmseDeg: number; within11: number; within22: number; within30: number };

/**
 * Mean, median and root mean square of all angles, and the shares below 11.25, 22.5 and 30 degrees.
 *
 * @param errors angles of each image, from {@link normalErrors}, which all lie in memory, or what `normalCounts` has counted of
 *   any number of them, whose median is within 0.0004 degrees
 * @throws where there is no angle.
 */
export function normalMetrics(errors: readonly Float32Array[] | NormalCounts): NormalMetrics {
  if ("bins" in errors) return figuresOf(errors, medianOf(errors));
  const count = errors.reduce((sum, angles) => sum + angles.length, 0);
  if (count === 0) throw new Error(`normalMetrics(errors): expected a pixel with a true normal, got none in ${errors.length} images. Check the masks.`);
  const sorted = new Float32Array(count);
  let at = 0;
  for (const angles of errors) {
    sorted.set(angles, at);
    at += angles.length;
  }
  sorted.sort();
  return figuresOf(normalCounts(sorted), (sorted[(count - 1) >> 1] + sorted[count >> 1]) / 2);
}

function figuresOf({ pixels, sum, squared, within: [within11, within22, within30] }: NormalCounts, medianDeg: number): NormalMetrics {
  if (pixels === 0) throw new Error("normalMetrics(errors): expected a pixel with a true normal, got none that was counted. Check the masks.");
  return { meanDeg: sum / pixels, medianDeg, rmseDeg: Math.sqrt(squared / pixels), within11: within11 / pixels, within22: within22 / pixels, within30: within30 / pixels };
}
