import { depthErrors, depthMetrics, normalErrors, normalMetrics, type DenseConfig, type DenseMaps, type DepthErrors } from "@flexivit/depth";
import type { Figures } from "@flexivit/train";
import type { Meter } from "../evaluation-pass.ts";
import type { TaskBatches } from "./task-definition.ts";

/**
 * Figures of the maps that a head estimates, over all pixels of all pictures that have a true value, in pixels of the input.
 *
 * Depth: `rmse` in metres, `absRel`, `log10`, `delta1` to `delta3`, `silog`. Normals: `normalMean` and `normalMedian` in
 * degrees, shares of the angles below 11.25, 22.5 and 30 degrees as `normalWithin11`, `normalWithin22`, `normalWithin30`.
 */
export function depthMeter(config: DenseConfig): Meter<DenseMaps, TaskBatches["depth"]> {
  const [depths, angles]: [DepthErrors[], Float32Array[]] = [[], []];
  return {
    async add(maps, { depth, normals }) {
      if (maps.depth) depths.push(depthErrors(await maps.depth.data(), depth));
      if (maps.normals && normals) angles.push(normalErrors(await maps.normals.data(), normals));
    },
    figures: () => ({ ...(config.depth && depthFigures(depths)), ...(config.normals && normalFigures(angles)) }),
  };
}

function depthFigures(errors: readonly DepthErrors[]): Figures {
  const { rmse, absRel, log10, delta1, delta2, delta3, silog } = depthMetrics(errors);
  return { rmse, absRel, log10, delta1, delta2, delta3, silog };
}

function normalFigures(errors: readonly Float32Array[]): Figures {
  const { meanDeg, medianDeg, within11, within22, within30 } = normalMetrics(errors);
  return { normalMean: meanDeg, normalMedian: medianDeg, normalWithin11: within11, normalWithin22: within22, normalWithin30: within30 };
}
