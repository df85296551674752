/**
 * How a row of samples is resampled: a property of the weights, so it is stored beside them. Plain data.
 *
 * - `kernel`: "bilinear" joins neighbours by straight lines; "bicubic" by cubics through four neighbours;
 *   "area" averages the samples that an output pixel covers, by the covered share of each.
 * - `antialias`: where the axis shrinks, the kernel is stretched to cover all samples. "area" does so by itself.
 * - `alignment`: what stays in place: the outer edges of the outermost pixels ("half-pixel"), or their centres ("corner").
 */
export type Interpolation = {
  readonly kernel: "bilinear" | "bicubic" | "area";
  readonly antialias: boolean;
  readonly alignment: "half-pixel" | "corner";
};

/** What the reference implementations do with patch-embedding kernels and with grids of position embeddings. */
export type ReferenceInterpolation = { readonly patchKernel: Interpolation; readonly positions: Interpolation };

const bilinear: Interpolation = { kernel: "bilinear", antialias: false, alignment: "half-pixel" };
const bilinearAntialias: Interpolation = { kernel: "bilinear", antialias: true, alignment: "half-pixel" };
const bicubic: Interpolation = { kernel: "bicubic", antialias: false, alignment: "half-pixel" };
const bicubicAntialias: Interpolation = { kernel: "bicubic", antialias: true, alignment: "half-pixel" };
const bilinearCorner: Interpolation = { kernel: "bilinear", antialias: false, alignment: "corner" };

/**
 * The interpolations of the implementations that published weights come from.
 *
 * - `bigVision`: flexible models, in the forward pass (`tf.image.resize`; `jax.image.resize` "linear").
 * - `bigVisionAtLoad`: fixed models, when a checkpoint is loaded at another grid (`scipy.ndimage.zoom`).
 * - `timmFlexi`: timm's FlexiViT models. `timm`: all its other models.
 * - `huggingFace`: ViT and DINOv2; it never resizes kernels, so the one here is timm's.
 */
export const referenceInterpolations: Readonly<
  Record<"bigVision" | "bigVisionAtLoad" | "timmFlexi" | "timm" | "huggingFace", ReferenceInterpolation>
> = {
  bigVision: { patchKernel: bilinear, positions: bilinearAntialias },
  bigVisionAtLoad: { patchKernel: bilinear, positions: bilinearCorner },
  timmFlexi: { patchKernel: bilinear, positions: bilinear },
  timm: { patchKernel: bicubicAntialias, positions: bicubicAntialias },
  huggingFace: { patchKernel: bicubicAntialias, positions: bicubic },
};

/** Returns the interpolation if it exists; throws otherwise. */
export function checkInterpolation(interpolation: Interpolation, where: string): Interpolation {
  const { kernel, antialias, alignment } = interpolation;
  oneOf(kernel, ["bilinear", "bicubic", "area"], `${where}(kernel)`);
  oneOf(alignment, ["half-pixel", "corner"], `${where}(alignment)`);
  oneOf(antialias, [true, false], `${where}(antialias)`);
  if (alignment === "corner" && (antialias || kernel === "area")) {
    throw new Error(
      `${where}(alignment): expected "half-pixel" for ${kernel === "area" ? "area" : "antialias"}, got "corner". ` +
        `Corner alignment exists for bilinear and bicubic without antialias.`,
    );
  }
  return interpolation;
}

function oneOf(value: unknown, known: readonly unknown[], where: string): void {
  if (known.includes(value)) return;
  throw new Error(`${where}: expected one of ${known.join(", ")}, got ${JSON.stringify(value)}. Use one of these values.`);
}
