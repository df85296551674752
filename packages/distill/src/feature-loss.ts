import { axes } from "@flexivit/axes";
import type { Features } from "@flexivit/features";
import { linear, type LinearParams } from "@flexivit/ops";
import { resizeImages } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { constant } from "./constant.ts";

export type FeatureLossOptions = {
  /**
   * `l2`: mean squared difference over all entries; `cosine`: mean of 1 - cosine of the angle between vectors.
   * `l2` unless given.
   */
  kind?: "l2" | "cosine";
  /** Maps the student's vectors to the teacher's width, trained beside the student; needed where the widths differ. */
  projection?: LinearParams;
};

/**
 * How far a student's pooled features are from a teacher's; the teacher's are constants.
 *
 * @param student `pooled` [batch, dim]
 * @param teacher `pooled` [batch, teacherDim]
 * @returns a scalar
 * @throws where the widths differ and no projection maps one to the other.
 * Source: feature distillation after arXiv 1412.6550.
 */
export function featureLoss(student: Pick<Features, "pooled">, teacher: Pick<Features, "pooled">, options: FeatureLossOptions = {}): tf.Scalar {
  axes(student.pooled, "featureLoss(student.pooled)", "batch dim");
  return tf.tidy(() => vectorLoss(student.pooled, teacher.pooled, options, "featureLoss"));
}

/**
 * How far a student's patch tokens are from a teacher's, place by place; the teacher's are constants.
 *
 * Where the two cut images into different grids, the teacher's tokens are resampled to the student's grid (bilinear,
 * with antialias), so that both may work at patch sizes and image sizes of their own.
 *
 * @param student `tokens` [batch, patches, dim] and their `grid`
 * @param teacher `tokens` [batch, teacherPatches, teacherDim] and their `grid`
 * @returns a scalar
 * @throws where tokens and grid do not fit together, or the widths differ and no projection maps one to the other.
 */
export function tokenLoss(
  student: Pick<Features, "tokens" | "grid">,
  teacher: Pick<Features, "tokens" | "grid">,
  options: FeatureLossOptions = {},
): tf.Scalar {
  checkGrid(student, "student");
  checkGrid(teacher, "teacher");
  return tf.tidy(() => vectorLoss(student.tokens, tokensAt(student.grid, teacher), options, "tokenLoss"));
}

/** [batch, patches, dim]: tokens resampled to another grid; as they are where the grids are equal. */
function tokensAt({ gridHeight, gridWidth }: Features["grid"], { tokens, grid }: Pick<Features, "tokens" | "grid">): tf.Tensor3D {
  if (grid.gridHeight === gridHeight && grid.gridWidth === gridWidth) return tokens;
  const [batch, , dim] = tokens.shape;
  const resized = resizeImages(tf.reshape(tokens, [batch, grid.gridHeight, grid.gridWidth, dim]), [gridHeight, gridWidth]);
  return tf.reshape(resized, [batch, gridHeight * gridWidth, dim]);
}

function vectorLoss(student: tf.Tensor, teacher: tf.Tensor, { kind = "l2", projection }: FeatureLossOptions, where: string): tf.Scalar {
  const own = projection ? linear(student, projection.kernel, projection.bias) : student;
  if (String(own.shape) !== String(teacher.shape)) {
    throw new Error(
      `${where}(teacher): expected shape [${own.shape.join(", ")}], as the student${projection ? " and its projection give" : " gives"}, got [${teacher.shape.join(", ")}]. ` +
        "Where the widths differ, pass a projection of kernel [dim, teacherDim].",
    );
  }
  const target = constant(teacher);
  if (kind === "l2") return tf.mean<tf.Scalar>(tf.square(tf.sub(own, target)));
  if (kind === "cosine") return tf.sub(1, tf.mean(tf.sum(tf.mul(unit(own), unit(target)), -1))) as tf.Scalar;
  throw new Error(`${where}(kind): expected one of l2, cosine, got ${JSON.stringify(kind)}. Use one of these kinds.`);
}

function unit(x: tf.Tensor): tf.Tensor {
  const tiny = 1e-12; // keeps value and gradient finite for a vector of zeros
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), tiny)));
}

function checkGrid({ tokens, grid: { gridHeight, gridWidth } }: Pick<Features, "tokens" | "grid">, whose: string): void {
  const { patches } = axes(tokens, `tokenLoss(${whose}.tokens)`, "batch patches dim");
  if (patches === gridHeight * gridWidth) return;
  throw new Error(
    `tokenLoss(${whose}.grid): expected a grid of ${patches} patches, got ${gridHeight} x ${gridWidth}. Pass tokens and grid as the backbone gives them.`,
  );
}
