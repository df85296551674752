import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as opentype from "opentype.js";
import { black, svgColour, type Rgb } from "./draw-class-colours.ts";

const require = createRequire(import.meta.url);
let loaded: opentype.Font | undefined;

/** A font that comes with this package, so that text is the same on every machine, also where there are no fonts. */
function font(): opentype.Font {
  if (!loaded) {
    // The library is read with the first text, and as CommonJS: Node finds no names in it otherwise.
    const { parse } = require("opentype.js") as typeof opentype;
    const { buffer, byteOffset, byteLength } = readFileSync(require.resolve("@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff"));
    // Low memory: glyphs are read when they are asked for; all 6,253 at once take twice as long.
    loaded = parse(buffer.slice(byteOffset, byteOffset + byteLength), { lowMemory: true });
  }
  return loaded;
}

/** How wide a text is in pixels: the sum of its letters' advances. */
export function textWidth(text: string, textPx: number): number {
  return placedLetters(text, textPx).width;
}

/** The outlines of a text as an element of SVG; `top` is the upper edge of its line, which is `textPx` pixels high. */
export function textPath(text: string, { x, top, textPx, colour = black }: { x: number; top: number; textPx: number; colour?: Rgb }): string {
  const paths = placedLetters(text, textPx).letters.map(({ glyph, left }) => glyph.getPath(x + left, top + textPx * baseline, textPx).toPathData(2));
  return `<path d="${paths.join("")}" fill="${svgColour(colour)}"/>`;
}

/** How far down its line, as a share, text stands: capitals are then in the middle of it. */
const baseline = 0.86;

/** Letters one after another, without ligatures and kerning: the library fails on some of this font's rules for them. */
function placedLetters(text: string, textPx: number): { letters: { glyph: opentype.Glyph; left: number }[]; width: number } {
  let width = 0;
  const letters = Array.from(text, (letter) => {
    const glyph = font().charToGlyph(letter);
    const left = width;
    width += ((glyph.advanceWidth ?? 0) * textPx) / font().unitsPerEm;
    return { glyph, left };
  });
  return { letters, width };
}

/** The text, or as much of it as fits a width with an ellipsis behind. */
export function fittedText(text: string, textPx: number, width: number): string {
  if (textWidth(text, textPx) <= width) return text;
  const letters = [...text];
  while (letters.length > 0 && textWidth(`${letters.join("")}…`, textPx) > width) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}
