import type { ImageSource, Size } from "@flexivit/data";

/** A garment that was cut out of its picture: [height, width] levels of grey, and 1 where the garment is. */
export type Sprite = { size: Size; levels: Uint8Array; inside: Uint8Array; class: number };

/** Levels up to this are the ground on which the pictures were taken. */
const groundLevel = 8;

/**
 * The pixels of a garment: all that cannot be reached from the picture's edge over its dark ground.
 *
 * What is dark inside the outline, a print or the opening of a bag, belongs to it: COCO's outlines have no holes either.
 *
 * @param levels [height, width], the ground near 0
 * @returns [height, width], 1 inside
 */
export function outlined(levels: Uint8Array, [height, width]: Size): Uint8Array {
  const inside = new Uint8Array(height * width).fill(1);
  const open: number[] = [];
  const visit = (row: number, column: number): void => {
    const place = row * width + column;
    if (row < 0 || row >= height || column < 0 || column >= width || inside[place] === 0 || levels[place] > groundLevel) return;
    inside[place] = 0;
    open.push(place);
  };
  for (let row = 0; row < height; row++) for (const column of [0, width - 1]) visit(row, column);
  for (let column = 0; column < width; column++) for (const row of [0, height - 1]) visit(row, column);
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const [row, column] = [Math.floor(place / width), place % width];
    visit(row - 1, column);
    visit(row + 1, column);
    visit(row, column - 1);
    visit(row, column + 1);
  }
  return inside;
}

/**
 * Garment `index` of a source of grey pictures.
 *
 * @param side height and width of the pictures
 */
export function spriteAt(source: ImageSource, index: number, side: number): Sprite {
  const levels = readSquare(source, index, { region: () => ({ top: 0, left: 0, height: side, width: side }), side, flip: false });
  const size: Size = [side, side];
  return { size, levels, inside: outlined(levels, size), class: source.labels[index] };
}

type Part = { region: (picture: Size) => { top: number; left: number; height: number; width: number }; side: number; flip: boolean };

/**
 * A part of a picture in memory, resized to a square [side, side, channels], mirrored or not.
 *
 * @throws where the picture lies in a file
 */
export function readSquare(source: ImageSource, index: number, { region, side, flip }: Part): Uint8Array {
  const out = new Uint8Array(side * side * source.channels);
  const window = { top: 0, left: 0, height: side, width: side };
  const choose = (picture: Size) => ({ region: region(picture), resized: [side, side] as const, window, flip, resampling: "pil-bilinear" as const });
  const pending = source.read(index, { choose, stream: noDraws, out });
  if (pending) throw new Error(`composedScenes(${source.name(index)}): expected a picture in memory, got a file. Use a packaged set.`);
  return out;
}

function noDraws(): never {
  throw new Error("readSquare(stream): expected a source without draws of its own, got one that draws. Use a packaged set.");
}
