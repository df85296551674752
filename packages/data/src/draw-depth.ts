import { checkPicture, enlarged, textPx, toPng } from "./draw-canvas.ts";
import { depthColour, unknownColour } from "./draw-depth-colours.ts";
import { depthScale, type DepthRange } from "./draw-depth-scale.ts";
import type { Size } from "./view.ts";

/**
 * A PNG of depths, yellow where near, over green and blue to violet where far, with a scale in metres below.
 *
 * Equal steps of depth look about equally large. Unknown depths, which are not above 0 or not finite, are grey; depths beyond the
 * ends of the scale have the colours of its ends. Small maps are enlarged by a whole factor.
 *
 * @param depth [height, width], metres
 * @param range the ends of the scale in metres, for maps that are compared; those of the map unless given
 * @throws where there are other than height * width values, or the range is not from a depth to a larger one
 */
export async function drawDepth(depth: Float32Array, size: Size, range: DepthRange = rangeOf(depth)): Promise<Uint8Array> {
  checkPicture({ pixels: new Uint8Array(depth.length), size, channels: 1 }, "drawDepth(depth)");
  checkRange(range);
  const pixels = new Uint8Array(depth.length * 3);
  const share = (metres: number): number => (metres - range.nearest) / (range.farthest - range.nearest);
  for (const [pixel, metres] of depth.entries()) pixels.set(isKnown(metres) ? depthColour(share(metres)) : unknownColour, pixel * 3);
  const canvas = enlarged({ pixels, size, channels: 3 });
  const scale = depthScale(range, !depth.every(isKnown), { top: canvas.height, width: canvas.width, textPx: textPx(canvas) });
  return toPng(canvas, { elements: scale.elements, below: scale.height });
}

const isKnown = (metres: number): boolean => metres > 0 && metres < Infinity;

/** From the least to the largest known depth; a metre long where there are no two. */
function rangeOf(depth: Float32Array): DepthRange {
  const known = depth.filter(isKnown);
  if (known.length === 0) return { nearest: 0, farthest: 1 };
  const nearest = known.reduce((least, metres) => Math.min(least, metres));
  const farthest = known.reduce((most, metres) => Math.max(most, metres));
  return { nearest, farthest: nearest < farthest ? farthest : nearest + 1 };
}

function checkRange({ nearest, farthest }: DepthRange): void {
  if (nearest < farthest && Number.isFinite(nearest) && Number.isFinite(farthest)) return;
  throw new Error(`drawDepth(range): expected nearest < farthest, both finite, got ${nearest} and ${farthest}. Leave the range out to take that of the map.`);
}
