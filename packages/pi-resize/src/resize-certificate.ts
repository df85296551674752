import { resizeMatrix, singularValues, type Interpolation, type Matrix } from "@flexivit/resample";
import { checkCovariance, matrixOfRows, type SeparableCovariance } from "./covariance.ts";
import { kernelMatrix } from "./kernel-matrix.ts";
import { kernelResizeOf, type KernelResize } from "./kernel-resize.ts";
import { sizeOf, type PatchSize } from "./patch-size.ts";
import { axisError, expectedTokenError } from "./token-error.ts";

/** What a resize of patch kernels does to any kernel, known from its matrices alone. Plain data. */
export type ResizeCertificate = {
  from: readonly [height: number, width: number];
  to: readonly [height: number, width: number];
  /** Whether a resized patch gets the very token of the patch itself, whatever the patch: within 1e-9. */
  exact: boolean;
  /**
   * Share of a constant kernel's answer to a constant patch that is left. 1 keeps it; PI-resize without antialias
   * falls to 0.25 from 32 to 8. Training through the resize hides a loss, use without training does not.
   */
  dcGain: number;
  /** Largest over smallest singular value of the resize of patches, without those that are rounding noise: what an inverse amplifies. */
  conditionNumber: number;
  /** sqrt(E|token error|^2 / E|token|^2) over white patches and white kernels, the least favourable of both. */
  whiteTokenError: number;
  /** The same over patches of the covariance given; absent where none is. A smooth kernel does better: see `kernelTokenError`. */
  imageTokenError?: number;
};

/** A resize, and the patches that its errors are expected over. */
export type CertificateOptions = Partial<KernelResize> & {
  /** Patches as they come at the size `from`. Default: those that `pi` is weighted by, if any. */
  readonly patchCovariance?: SeparableCovariance;
  /** How patches get to the new size. Default: by `interpolation`. Name it where a kernel resize is compared with others. */
  readonly patchInterpolation?: Interpolation;
};

/**
 * What a resize keeps of a kernel's answers, before any image is seen or from the second moments of images alone.
 *
 * The error of a token is w' x - w_new' R x: R resizes the patch x, w_new = M w is the resized kernel. Over kernels
 * of independent weights E|error|^2 = tr((1 - R'M)' S (1 - R'M)) and E|token|^2 = tr(S). Correlated channels change neither
 * ratio.
 *
 * @param from patch size of the stored kernel; @param to patch size wanted: numbers for squares, or [height, width].
 * @param options as for `resizePatchKernel`; not for `norm`, which depends on the kernel.
 * @throws where a size, method, interpolation or covariance is impossible.
 */
export function resizeCertificate(from: PatchSize, to: PatchSize, options: CertificateOptions = {}): ResizeCertificate {
  const old = sizeOf(from, "resizeCertificate(from)");
  const wanted = sizeOf(to, "resizeCertificate(to)");
  const { patchCovariance: givenCovariance, patchInterpolation, ...given } = options;
  const resize = kernelResizeOf(given, old, "resizeCertificate");
  const patchCovariance = givenCovariance ?? resize.covariance;
  if (resize.method === "norm") {
    throw new Error(
      `resizeCertificate(method): expected a method that is linear in the kernel: pi, bilinear or area, got "norm". Use kernelTokenError, which sees the kernel.`,
    );
  }
  if (patchCovariance) checkCovariance(patchCovariance, old, "resizeCertificate");
  const sides = (["height", "width"] as const).map((axis, i) => sideOf(axis, old[i], wanted[i], resize, { patchCovariance, patchInterpolation }));
  const [height, width] = sides;
  return {
    from: old,
    to: wanted,
    exact: height.exact && width.exact,
    dcGain: height.dcGain * width.dcGain,
    conditionNumber: height.conditionNumber * width.conditionNumber,
    whiteTokenError: expectedTokenError(height.white, width.white),
    ...(height.image && width.image && { imageTokenError: expectedTokenError(height.image, width.image) }),
  };
}

/** One axis: everything about the 2-D resize is made of products over its axes. */
function sideOf(axis: "height" | "width", from: number, to: number, resize: KernelResize, patches: Omit<CertificateOptions, keyof KernelResize>) {
  const patchResize = resizeMatrix(from, to, patches.patchInterpolation ?? resize.interpolation);
  const kernelResize = scaled(kernelMatrix(axis, from, to, resize), resize.method === "area" ? from / to : 1);
  const values = singularValues(patchResize);
  const white = axisError(patchResize, kernelResize);
  return {
    exact: white.worst < 1e-9,
    dcGain: meanColumnSum(kernelResize),
    conditionNumber: values[0] / values[values.length - 1],
    white,
    image: patches.patchCovariance && axisError(patchResize, kernelResize, matrixOfRows(patches.patchCovariance[axis])),
  };
}

function scaled(matrix: Matrix, factor: number): Matrix {
  return { ...matrix, values: matrix.values.map((value) => value * factor) };
}

function meanColumnSum({ columns, values }: Matrix): number {
  return values.reduce((sum, value) => sum + value, 0) / columns;
}
