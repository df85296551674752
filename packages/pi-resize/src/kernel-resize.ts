import { pseudoInverse, referenceInterpolations, resizeMatrix, transpose, type Interpolation, type Matrix } from "@flexivit/resample";

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
};

/** A patch size in pixels: a number for squares, or [height, width]. */
export type PatchSize = number | readonly [height: number, width: number];

/** What FlexiViT does: PI-resize of bilinear without antialias. Source: arXiv 2212.08013 section 3; big_vision `models/proj/flexi/vit.py`. */
export const flexivitKernelResize: KernelResize = { method: "pi", interpolation: referenceInterpolations.bigVision.patchKernel };

/** The matrix [to, from] that one axis of a kernel is multiplied by. */
export function kernelMatrix(from: number, to: number, { method, interpolation }: KernelResize): Matrix {
  const resize = resizeMatrix(from, to, interpolation);
  // The answer to a patch x must stay: w' x = w'_new (R x) for all x asks for R' w_new = w.
  return method === "pi" && from !== to ? transpose(pseudoInverse(resize)) : resize;
}

/** Returns the options with FlexiViT's choices for what is not given; throws where the method does not exist. */
export function kernelResizeOf(options: Partial<KernelResize>, where: string): KernelResize {
  const resize = { ...flexivitKernelResize, ...options };
  if (!methods.includes(resize.method)) {
    throw new Error(`${where}(method): expected one of ${methods.join(", ")}, got ${JSON.stringify(resize.method)}. Use one of these names.`);
  }
  return resize;
}

/** Height and width out of one number (a square) or two; throws where one is no whole number above 0. */
export function sizeOf(size: PatchSize, where: string): readonly [height: number, width: number] {
  const sides: readonly number[] = typeof size === "number" ? [size, size] : size;
  if (sides.length !== 2 || !sides.every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new Error(
      `${where}: expected whole pixels above 0, as 12 or [12, 10] (height, width), got ${JSON.stringify(size)}. Round the patch size to whole pixels.`,
    );
  }
  return [sides[0], sides[1]];
}
