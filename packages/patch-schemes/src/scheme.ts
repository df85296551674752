import { bothSides, formatSize, parseSize, sizeOf, type Size } from "./size.ts";

/** How an image is cut into patches. Stride = size: side by side; a smaller stride: overlapping, more tokens at the same size. */
export type PatchScheme = { readonly patchSize: Size; readonly stride: Size };

/**
 * A patch scheme: patches of `patchSize` pixels, one every `stride` pixels (side by side unless given).
 *
 * @param patchSize a number for squares, or [height, width].
 * @throws where a size is no whole number above 0, or a stride is larger than the patch.
 * Source: arXiv 2212.08013 section 3; its sizes have stride = size.
 */
export function patchScheme(patchSize: number | Size, stride: number | Size = patchSize): PatchScheme {
  const size = sizeOf(patchSize, "patchScheme(patchSize)");
  const step = sizeOf(stride, "patchScheme(stride)");
  if (step[0] > size[0] || step[1] > size[1]) {
    throw new Error(
      `patchScheme(stride): expected a stride of at most the patch, ${bothSides(size)}, got ${bothSides(step)}. A larger stride skips pixels: use a larger patch.`,
    );
  }
  return { patchSize: size, stride: step };
}

/**
 * The scheme that a text names: "12", "12x10", or with a stride "12/6", "12x10/6x5".
 *
 * @throws where the text is anything else, or the stride is larger than the patch.
 */
export function parseScheme(text: string): PatchScheme {
  const [patchSize, ...stride] = text.split("/");
  if (stride.length > 1) {
    throw new Error(`parseScheme(text): expected "12x10" or "12x10/6x5" (patch/stride), got "${text}". Write at most one slash.`);
  }
  return patchScheme(parseSize(patchSize), stride.length === 1 ? parseSize(stride[0]) : undefined);
}

/** "12", "12x10", or with overlap "12x12/6x6": a name for tables and files, which {@link parseScheme} reads. */
export function formatScheme({ patchSize, stride }: PatchScheme): string {
  const overlaps = stride[0] !== patchSize[0] || stride[1] !== patchSize[1];
  return overlaps ? `${bothSides(patchSize)}/${bothSides(stride)}` : formatSize(patchSize);
}
