import { svgColour } from "./draw-class-colours.ts";
import { depthStops, unknownColour } from "./draw-depth-colours.ts";
import { textPath, textWidth } from "./draw-text.ts";

/** The ends of a scale of depths, in metres. */
export type DepthRange = { nearest: number; farthest: number };

/**
 * The colours of depths with their metres below, as elements of SVG, and how high they are.
 *
 * @param hasUnknown whether the colour of unknown depths stands beside them
 */
export function depthScale(
  { nearest, farthest }: DepthRange,
  hasUnknown: boolean,
  { top, width, textPx }: { top: number; width: number; textPx: number },
): { elements: string[]; height: number } {
  const gap = Math.round(textPx / 2);
  const [y, below] = [top + gap, top + gap + Math.round(textPx * 1.25)];
  const unknownPx = hasUnknown ? Math.ceil(textWidth("unknown", textPx)) : 0;
  const length = width - 2 * gap - (hasUnknown ? unknownPx + 2 * gap : 0);
  const rect = (x: number, rectWidth: number, fill: string): string => `<rect x="${x}" y="${y}" width="${rectWidth}" height="${textPx}" fill="${fill}"/>`;
  const metres = [nearest, (nearest + farthest) / 2, farthest].map((value) => `${Number(value.toPrecision(3))} m`);
  const texts = metres.map((text, i) => textPath(text, { x: gap + ((length - textWidth(text, textPx)) * i) / 2, top: below, textPx }));
  const elements = [gradient(), rect(gap, length, "url(#depth)"), ...texts];
  const right = width - gap - unknownPx;
  if (hasUnknown) elements.push(rect(right, unknownPx, svgColour(unknownColour)), textPath("unknown", { x: right, top: below, textPx }));
  return { elements, height: 2 * gap + Math.round(textPx * 2.25) };
}

/** The stops of the map; SVG goes straight from one to the next, as `depthColour` does. */
function gradient(): string {
  const stops = depthStops.map((colour, i) => `<stop offset="${i / (depthStops.length - 1)}" stop-color="${svgColour(colour)}"/>`);
  return `<defs><linearGradient id="depth">${stops.join("")}</linearGradient></defs>`;
}
