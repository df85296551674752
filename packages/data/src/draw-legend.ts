import { svgColour, type Rgb } from "./draw-class-colours.ts";
import { fittedText, textPath, textWidth } from "./draw-text.ts";

export type LegendEntry = { text: string; colour: Rgb };

/** A strip of colours with their names, as elements of SVG, and how high it is; no height without entries. */
export function legend(
  entries: readonly LegendEntry[],
  place: { top: number; width: number; textPx: number },
): { elements: string[]; height: number } {
  const { top, width, textPx } = place;
  const [line, gap] = [Math.round(textPx * 1.5), Math.round(textPx / 2)];
  const elements: string[] = [];
  let [x, row] = [gap, 0];
  for (const { text, colour } of entries) {
    const shown = fittedText(text, textPx, width - textPx - 3 * gap);
    const needed = textPx + gap + Math.ceil(textWidth(shown, textPx));
    if (x > gap && x + needed + gap > width) [x, row] = [gap, row + 1];
    const y = top + gap + row * line;
    elements.push(`<rect x="${x}" y="${y}" width="${textPx}" height="${textPx}" fill="${svgColour(colour)}"/>`);
    elements.push(textPath(shown, { x: x + textPx + gap, top: y, textPx }));
    x += needed + 2 * gap;
  }
  return { elements, height: entries.length === 0 ? 0 : gap + (row + 1) * line };
}
