import type { MapBatch, MapSource } from "@flexivit/data";
import { depthErrors, depthMetrics, normalCounts, normalErrors, normalMetrics, type DenseConfig, type DenseMaps, type DepthErrors, type NormalCounts } from "@flexivit/depth";
import type { Figures } from "@flexivit/train";
import type { Meter } from "../evaluation-pass.ts";
import { besideTruth } from "./beside-truth.ts";
import type { TaskBatches } from "./task-definition.ts";

/**
 * Figures of the maps that a head estimates, over all pixels of all pictures that have a true value, in pixels of the input.
 *
 * Depth: `rmse` in metres, `absRel`, `log10`, `delta1` to `delta3`, `silog`. Normals: `normalMean` and `normalMedian` in
 * degrees, shares of the angles below 11.25, 22.5 and 30 degrees as `normalWithin11`, `normalWithin22`, `normalWithin30`.
 */
export function depthMeter(config: DenseConfig): Meter<DenseMaps, TaskBatches["depth"]> {
  const depths: DepthErrors[] = [];
  const angles: Float32Array[] = [];
  return {
    async add(maps, { depth, normals }) {
      if (maps.depth) depths.push(depthErrors(await maps.depth.data(), depth));
      if (maps.normals && normals) angles.push(normalErrors(await maps.normals.data(), normals));
    },
    figures: () => ({ ...(config.depth && depthFigures(depths)), ...(config.normals && normalFigures(angles)) }),
  };
}

/**
 * The same in pixels of the pictures, to which the maps are resized, one picture at a time. There are many: angles are counted,
 * and their median is within 0.0004 degrees.
 */
export function depthMeterInPictures(source: MapSource<"depth" | "normals">, config: DenseConfig): Meter<DenseMaps, MapBatch<never>> {
  const depths: DepthErrors[] = [];
  let angles: NormalCounts | undefined;
  return {
    async add({ depth, normals }, { indices, seen }) {
      for (const [place, index] of indices.entries()) {
        const picture = { source, index, seen: seen[place] };
        if (depth) {
          const { said, truth } = await besideTruth(depth, place, "depth", picture);
          depths.push(depthErrors(said, truth));
        }
        if (normals) {
          const { said, truth } = await besideTruth(normals, place, "normals", picture);
          angles = normalCounts(normalErrors(said, truth), angles);
        }
      }
    },
    figures: () => ({ ...(config.depth && depthFigures(depths)), ...(config.normals && normalFigures(angles ?? [])) }),
  };
}

function depthFigures(errors: readonly DepthErrors[]): Figures {
  const { rmse, absRel, log10, delta1, delta2, delta3, silog } = depthMetrics(errors);
  return { rmse, absRel, log10, delta1, delta2, delta3, silog };
}

function normalFigures(errors: readonly Float32Array[] | NormalCounts): Figures {
  const { meanDeg, medianDeg, within11, within22, within30 } = normalMetrics(errors);
  return { normalMean: meanDeg, normalMedian: medianDeg, normalWithin11: within11, normalWithin22: within22, normalWithin30: within30 };
}
