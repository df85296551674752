import { mapLeaves } from "@flexivit/params";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { resizePositions } from "@flexivit/position-embedding";
import type { VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import type { VitModel } from "./vit-file.ts";

/** Sizes at which a model stores its patch kernel and its grid of positions, height before width; what is left out stays. */
export type StoredSizes = Partial<Pick<VitConfig, "patchSize" | "positionGrid">>;

/**
 * The same model with its patch kernel and its grid of positions stored at other sizes, by its own `kernelResize` and
 * `positionInterpolation`. A covariance, which is of patches of the stored size, weights this resize but no later one.
 *
 * A model resizes what it has stored at each call, so this is not needed to run it at any size. It is for files that
 * other programs read at one size, and for training on from a finer or coarser kernel. Resizing twice loses more than
 * resizing once: keep the original.
 *
 * @param sizes those that change, height before width
 * @returns tensors of its own, to be disposed by the caller
 * @throws where the embedder is not the linear one, or positions are resized that are not a learned grid
 */
export function resizeVit(model: VitModel, sizes: StoredSizes): VitModel {
  const config = vitStoredAt(model.config, sizes);
  const [gridHeight, gridWidth] = config.positionGrid;
  const resized = (tensor: tf.Tensor, path: string): tf.Tensor => {
    if (path === "params/patchEmbedding/kernel") return resizePatchKernel(tensor as tf.Tensor4D, config.patchSize, model.config.kernelResize);
    if (path !== "params/positions/grid") return tf.clone(tensor);
    const rows = resizePositions(tensor as tf.Tensor3D, { gridHeight, gridWidth }, config.positionInterpolation);
    return tf.reshape(rows, [gridHeight, gridWidth, config.dim]);
  };
  const { params, head } = tf.tidy(() => mapLeaves({ params: model.params, head: model.head }, resized));
  return { params, config, ...(head && { head }) };
}

/**
 * The configuration that {@link resizeVit} gives a model of this one: to know it, or that there is none, before weights are read.
 *
 * @throws as resizeVit does
 */
export function vitStoredAt(config: VitConfig, sizes: StoredSizes): VitConfig {
  const wanted = { ...config, ...sizes, kernelResize: keptResize(config, sizes) };
  requireResizable(config, wanted);
  return wanted;
}

function keptResize({ kernelResize, patchSize }: VitConfig, sizes: StoredSizes): VitConfig["kernelResize"] {
  const { method, interpolation } = kernelResize;
  return String(sizes.patchSize ?? patchSize) === String(patchSize) ? kernelResize : { method, interpolation };
}

function requireResizable({ embedder, positions, positionGrid }: VitConfig, wanted: VitConfig): void {
  if (embedder.kind !== "linear" || embedder.perPosition) {
    const got = embedder.kind === "linear" ? "one kernel per position" : `"${embedder.kind}"`;
    throw new Error(`resizeVit(model.config.embedder): expected one linear embedder, got ${got}. Run the model at other sizes as it is.`);
  }
  if (positions !== "grid" && String(positionGrid) !== String(wanted.positionGrid)) {
    throw new Error(`resizeVit(sizes.positionGrid): expected the stored ${positionGrid.join(" x ")} with positions "${positions}", got ${wanted.positionGrid.join(" x ")}. Leave it out.`);
  }
}
