import * as tf from "@tensorflow/tfjs-core";
import type { DenseMaps } from "./dense.ts";
import { depthLoss, type DepthLossOptions } from "./depth-loss.ts";
import { normalLoss, type NormalLossOptions } from "./normal-loss.ts";

export type DenseLossOptions = {
  /** Kind of the depth loss, and its share in the sum; 1 unless given. */
  depth?: Omit<DepthLossOptions, "mask"> & { weight?: number };
  /** Kind of the loss of normals, and its share in the sum; 1 unless given. */
  normals?: Omit<NormalLossOptions, "mask"> & { weight?: number };
  /** [batch, height, width]: 1 where a pixel counts for every map. */
  mask?: tf.Tensor3D;
};

/**
 * The loss of depth and normals together: the weighted sum of those maps that have a target, and each by its name.
 *
 * @param maps from `dense`
 * @param targets the true maps, of the same shapes
 * @returns `loss`, and `depth` and `normals` before they are weighted, as `train` logs them
 * @throws where no map has a target, or as `depthLoss` and `normalLoss` do.
 */
export function denseLoss(maps: DenseMaps, targets: DenseMaps, options: DenseLossOptions = {}): { loss: tf.Scalar } & Record<string, tf.Scalar> {
  const { depth = {}, normals = {}, mask } = options;
  return tf.tidy(() => {
    const terms: Record<string, tf.Scalar> = {};
    if (maps.depth && targets.depth) terms.depth = depthLoss(maps.depth, targets.depth, { ...depth, mask });
    if (maps.normals && targets.normals) terms.normals = normalLoss(maps.normals, targets.normals, { ...normals, mask });
    const weights: Record<string, number> = { depth: depth.weight ?? 1, normals: normals.weight ?? 1 };
    const weighted = Object.entries(terms).map(([name, term]) => tf.mul<tf.Scalar>(term, weights[name]));
    if (weighted.length === 0) {
      const got = `maps ${names(maps)} and targets ${names(targets)}`;
      throw new Error(`denseLoss(targets): expected a target for depth or normals, got ${got}. Give the targets of the maps.`);
    }
    return { loss: tf.addN(weighted), ...terms };
  });
}

const names = (maps: DenseMaps): string => `[${Object.keys(maps).join(", ")}]`;
