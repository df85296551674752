import { resizeMatrix } from "@flexivit/resample";
import { shapesOf, vitSpec, type VitConfig } from "@flexivit/vit";
import { certificatesOf } from "./commands/certificates.ts";

/**
 * Refuses a model whose kernel or positions could not be resized, before there are any weights.
 *
 * @throws as the resizes themselves do, where a method or an interpolation does not exist, or a covariance is of patches
 *   of another size than the stored kernel.
 */
export function checkResizes(vit: VitConfig): void {
  const [height, width] = shapesOf(vitSpec(vit)).get("patchEmbedding/kernel")!; // in cells, where a stem comes first
  certificatesOf([height, width], [[height, width]], vit.kernelResize);
  resizeMatrix(vit.positionGrid[0], vit.positionGrid[0], vit.positionInterpolation);
}
