import { singularValues, resizeMatrix, type Matrix } from "@flexivit/resample";
import { kernelMatrix, kernelResizeOf, sizeOf, type KernelResize, type PatchSize } from "./kernel-resize.ts";

/** What a resize of patch kernels does to any kernel, known from its matrices alone. */
export type ResizeCertificate = {
  from: readonly [height: number, width: number];
  to: readonly [height: number, width: number];
  /** Whether a resized patch gets the very token of the patch itself, whatever the patch. */
  exact: boolean;
  /**
   * Share of a constant kernel's answer to a constant patch that is left. 1 keeps it; PI-resize without antialias
   * falls to 0.25 from 32 to 8. Training through the resize hides a loss, use without training does not.
   */
  dcGain: number;
  /** Largest over smallest singular value of the resize of patches, without those that are rounding noise: what an inverse amplifies. */
  conditionNumber: number;
};

/**
 * What a resize keeps of a kernel's answers, before any image is seen.
 *
 * @param from patch size of the stored kernel; @param to patch size wanted: numbers for squares, or [height, width].
 * @param options as for `resizePatchKernel`; not for `norm`, which depends on the kernel.
 * @throws where a size, method or interpolation is impossible.
 */
export function resizeCertificate(from: PatchSize, to: PatchSize, options: Partial<KernelResize> = {}): ResizeCertificate {
  const resize = kernelResizeOf(options, "resizeCertificate");
  if (resize.method === "norm") {
    throw new Error(`resizeCertificate(method): expected a method that is linear in the kernel: pi, bilinear or area, got "norm". Certify "bilinear" instead.`);
  }
  const old = sizeOf(from, "resizeCertificate(from)");
  const wanted = sizeOf(to, "resizeCertificate(to)");
  const sides = ([0, 1] as const).map((axis) => sideOf(old[axis], wanted[axis], resize));
  return {
    from: old,
    to: wanted,
    exact: sides.every((side) => side.exact),
    dcGain: sides[0].dcGain * sides[1].dcGain,
    conditionNumber: sides[0].conditionNumber * sides[1].conditionNumber,
  };
}

/** One axis: all three facts of the 2-D resize are products over its axes. */
function sideOf(from: number, to: number, resize: KernelResize) {
  const values = singularValues(resizeMatrix(from, to, resize.interpolation));
  const areaFactor = resize.method === "area" ? from / to : 1;
  return {
    // A pseudo-inverse undoes what loses nothing: a matrix of full column rank.
    exact: from === to || (resize.method === "pi" && values.length === from),
    dcGain: meanColumnSum(kernelMatrix(from, to, resize)) * areaFactor,
    conditionNumber: values[0] / values[values.length - 1],
  };
}

function meanColumnSum({ columns, values }: Matrix): number {
  return values.reduce((sum, value) => sum + value, 0) / columns;
}
