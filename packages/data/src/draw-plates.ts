import type { Box as Corners } from "@flexivit/annotations";
import { svgColour, textOn, type Rgb } from "./draw-class-colours.ts";
import { fittedText, textPath, textWidth } from "./draw-text.ts";

/** A text on a ground of a colour; in pixels of the canvas. */
export type Plate = { left: number; top: number; width: number; height: number; text: string; colour: Rgb; textPx: number };

/**
 * A plate per labelled box, inside the canvas: above the box, else within its top, else below it, whichever is the first
 * that no earlier plate lies on; above it where none is. Texts that are wider than the canvas are cut. No plate without a text.
 */
export function placedPlates(
  labelled: readonly { box: Corners; text: string; colour: Rgb }[],
  canvas: { height: number; width: number; textPx: number },
): Plate[] {
  const plates: Plate[] = [];
  const { textPx } = canvas;
  const margin = marginOf(textPx);
  for (const { box, text, colour } of labelled) {
    if (text === "") continue;
    const shown = fittedText(text, textPx, canvas.width - 2 * margin);
    const [width, height] = [Math.ceil(textWidth(shown, textPx)) + 2 * margin, textPx + 2 * margin];
    const left = Math.max(0, Math.min(box[0], canvas.width - width));
    const at = (top: number): Plate => ({ left, top, width, height, text: shown, colour, textPx });
    const inside = [box[1] - height, box[1], box[3]].filter((top) => top >= 0 && top + height <= canvas.height).map(at);
    const nearest = at(Math.max(0, Math.min(box[1] - height, canvas.height - height)));
    plates.push(inside.find((plate) => plates.every((other) => !overlap(plate, other))) ?? inside[0] ?? nearest);
  }
  return plates;
}

/** The plate and its text as elements of SVG. */
export function plateElements({ left, top, width, height, text, colour, textPx }: Plate): string[] {
  const margin = marginOf(textPx);
  const ground = `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${svgColour(colour)}" shape-rendering="crispEdges"/>`;
  return [ground, textPath(text, { x: left + margin, top: top + margin, textPx, colour: textOn(colour) })];
}

const marginOf = (textPx: number): number => Math.round(textPx / 4);

function overlap(a: Plate, b: Plate): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}
