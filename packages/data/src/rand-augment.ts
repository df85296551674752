import type { RandomStream } from "@flexivit/random";
import { brightness, colour, contrast, sharpness } from "./enhance.ts";
import { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from "./tones.ts";
import type { Size } from "./view.ts";
import { cutOut, rotate, shearX, shearY, translateX, translateY } from "./warp.ts";

/** RandAugment(layers, magnitude): so many operations per picture, each of the same strength, 0..30; 10 is usual. */
export type RandAugment = { kind: "rand-augment"; layers: number; magnitude: number };

export type OperationName =
  | "autoContrast" | "equalize" | "invert" | "rotate" | "posterize" | "solarize" | "color" | "contrast"
  | "brightness" | "sharpness" | "shearX" | "shearY" | "translateX" | "translateY" | "cutout" | "solarizeAdd";

/** What is drawn for one layer; `row` and `column` are places in [0, 1) of the picture. */
export type LayerDraw = { operation: OperationName; negative: boolean; row: number; column: number };

/**
 * A picture after `layers` operations, each drawn from the sixteen in `operations` with equal probability.
 *
 * The draws do not depend on the size of the picture, and what is measured in pixels grows with it: the same
 * augmentation comes at every image size.
 *
 * @param pixels 8-bit [height, width, channels], 1 or 3 channels; they stay as they are
 * @returns new pixels of the same size, or `pixels` where there are no layers
 * Source: E. D. Cubuk et al., "RandAugment", 2019, with the operations and strengths of big_vision, except that
 * distances are those at its 240 px, in proportion to the picture. What an operation does is Pillow's definition;
 * the README lists where TensorFlow's differs.
 */
export function randAugment(pixels: Uint8Array, size: Size, channels: number, options: RandAugment, stream: RandomStream): Uint8Array {
  let result = pixels;
  for (let layer = 0; layer < options.layers; layer++) result = applyLayer(result, size, channels, options.magnitude, drawLayer(stream));
  return result;
}

/** All draws of a layer, used by its operation or not. */
export function drawLayer(stream: RandomStream): LayerDraw {
  return {
    operation: operationNames[stream.integer(operationNames.length)],
    negative: stream.uniform() < 0.5,
    row: stream.uniform(),
    column: stream.uniform(),
  };
}

/** A picture after the operation of one layer. */
export function applyLayer(pixels: Uint8Array, size: Size, channels: number, magnitude: number, draw: LayerDraw): Uint8Array {
  const { apply, amountAt = () => 0, signed = false }: Operation = operations[draw.operation];
  const amount = amountAt(magnitude / 10, size);
  return apply(pixels, size, channels, signed && draw.negative ? -amount : amount, draw);
}

type Operation = {
  apply: (pixels: Uint8Array, size: Size, channels: number, amount: number, draw: LayerDraw) => Uint8Array;
  /** What `apply` takes at a strength of magnitude / 10 for a picture of a size; 0 by default. */
  amountAt?: (strength: number, size: Size) => number;
  /** Whether half of the pictures get the negative amount. */
  signed?: boolean;
};

/** 1, no change, at magnitude 5, and 1.9 at 10. */
const enhancement = (strength: number): number => strength * 1.8 + 0.1;

/** A distance that is meant for pictures of 240 px, the size that the paper trains at. Source: arXiv 2212.08013. */
const distance = (px: number, strength: number, side: number): number => (px * strength * side) / 240;

/** Posterize and solarize are weaker at larger magnitudes, as in big_vision; at 10 the threshold of solarize is 256, which changes nothing. */
const operations: Record<OperationName, Operation> = {
  autoContrast: { apply: autoContrast },
  equalize: { apply: equalize },
  invert: { apply: invert },
  rotate: { apply: rotate, amountAt: (strength) => strength * 30, signed: true },
  posterize: { apply: posterize, amountAt: (strength) => Math.min(8, Math.trunc(strength * 4)) },
  solarize: { apply: solarize, amountAt: (strength) => Math.trunc(strength * 256) },
  color: { apply: colour, amountAt: enhancement },
  contrast: { apply: contrast, amountAt: enhancement },
  brightness: { apply: brightness, amountAt: enhancement },
  sharpness: { apply: sharpness, amountAt: enhancement },
  shearX: { apply: shearX, amountAt: (strength) => strength * 0.3, signed: true },
  shearY: { apply: shearY, amountAt: (strength) => strength * 0.3, signed: true },
  translateX: { apply: translateX, amountAt: (strength, [, width]) => Math.round(distance(100, strength, width)), signed: true },
  translateY: { apply: translateY, amountAt: (strength, [height]) => Math.round(distance(100, strength, height)), signed: true },
  cutout: { apply: cutOutAround, amountAt: (strength, size) => Math.trunc(distance(40, strength, Math.min(...size))) },
  solarizeAdd: { apply: solarizeAdd, amountAt: (strength) => Math.trunc(strength * 110) },
};

const operationNames = Object.keys(operations) as OperationName[];

/** Empties `half` pixels above, below and beside a drawn place. */
function cutOutAround(pixels: Uint8Array, size: Size, channels: number, half: number, { row, column }: LayerDraw): Uint8Array {
  const [top, left] = [Math.floor(row * size[0]) - half, Math.floor(column * size[1]) - half];
  return cutOut(pixels, size, channels, { top, left, height: 2 * half, width: 2 * half });
}

/** @throws where the layers are not a whole number, or the magnitude is outside 0..30 */
export function checkAugment(augment: RandAugment): void {
  const { kind, layers, magnitude } = augment;
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new Error(`augment(${field}): expected ${expected}, got ${JSON.stringify(got)}. RandAugment(2, 10) is usual.`);
  };
  if (kind !== "rand-augment") refuse("kind", '"rand-augment"', kind);
  if (!Number.isSafeInteger(layers) || layers < 0) refuse("layers", "a whole number from 0 on", layers);
  // The largest magnitude that the paper tries.
  if (!(magnitude >= 0 && magnitude <= 30)) refuse("magnitude", "a number in 0..30", magnitude);
}
