import { referenceInterpolations, type Interpolation } from "@flexivit/resample";
import { checkCovariance, type SeparableCovariance } from "./covariance.ts";

const methods = ["pi", "bilinear", "norm", "area"] as const;

/**
 * How the weights of a patch kernel follow the patch size.
 *
 * - `pi`: the pseudo-inverse of the resize of patches: embedding a resized patch gives the token of the
 *   patch itself, exactly where patches grow and as nearly as least squares can where they shrink.
 * - its rivals, for comparison: `bilinear` resizes the kernel like an image; `norm` then scales each output so that
 *   its norm stays; `area` then scales by old area / new area, so that a constant patch keeps its token.
 */
export type KernelResizeMethod = (typeof methods)[number];

/** A resize of patch kernels: a property of the weights, so it is stored beside them. Plain data. */
export type KernelResize = {
  readonly method: KernelResizeMethod;
  /** The resize of patches that `pi` inverts, or of the kernel itself for the other methods. */
  readonly interpolation: Interpolation;
  /** For `pi`: the patches whose tokens least squares keep where patches shrink. Default: white ones, all pixels alike and independent. */
  readonly covariance?: SeparableCovariance;
};

/** What FlexiViT does: PI-resize of bilinear without antialias. Source: arXiv 2212.08013 section 3; big_vision `models/proj/flexi/vit.py`. */
export const flexivitKernelResize: KernelResize = { method: "pi", interpolation: referenceInterpolations.bigVision.patchKernel };

/** Returns the options with FlexiViT's choices for what is not given; throws where they do not fit each other or kernels of size `from`. */
export function kernelResizeOf(options: Partial<KernelResize>, from: readonly [number, number], where: string): KernelResize {
  const resize = { ...flexivitKernelResize, ...options };
  const { method, covariance } = resize;
  if (!methods.includes(method)) {
    throw new Error(`${where}(method): expected one of ${methods.join(", ")}, got ${JSON.stringify(method)}. Use one of these names.`);
  }
  if (covariance && method !== "pi") {
    throw new Error(`${where}(covariance): expected none for the method ${method}, which does not use it, got one. Use the method "pi".`);
  }
  if (covariance) checkCovariance(covariance, from, where);
  return resize;
}
