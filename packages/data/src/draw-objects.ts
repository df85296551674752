import { maskPixels, type Box as Corners, type Mask } from "@flexivit/annotations";
import { checkOpacity, checkPicture, enlarged, textPx, toPng, type Canvas, type Pixels } from "./draw-canvas.ts";
import { classColour, mix, svgColour, type Rgb } from "./draw-class-colours.ts";
import { plateElements, placedPlates } from "./draw-plates.ts";

/** An object that is drawn: `box` is left, top, right, bottom in pixels of the picture. */
export type DrawnObject = {
  box: Corners;
  /** What is written beside it, before the score; nothing where both are missing. */
  label: string;
  /** Index of its class, which gives it its colour. */
  class: number;
  /** Of the picture's size. */
  mask?: Mask;
  score?: number;
};

export type ObjectDrawing = {
  /** How much masks cover the picture within their outlines, 0 to 1; 0.5 unless given. */
  opacity?: number;
};

/**
 * A PNG of a picture with boxes, masks and labels of objects in the colours of their classes.
 *
 * The best objects lie on top. Labels stay inside the picture and, where there is room, clear of each other. Small pictures
 * are enlarged by a whole factor.
 *
 * @throws where a box is not finite, a class no whole number from 0 on, a mask of another size, or the opacity not from 0 to 1
 */
export async function drawObjects(picture: Pixels, objects: readonly DrawnObject[], options: ObjectDrawing = {}): Promise<Uint8Array> {
  const { opacity = 0.5 } = options;
  checkPicture(picture, "drawObjects(picture)");
  checkOpacity(opacity, "drawObjects");
  for (const [index, object] of objects.entries()) checkObject(object, picture, index);
  const canvas = enlarged(picture);
  const line = lineOf(canvas);
  const best = objects.toSorted((a, b) => (b.score ?? 1) - (a.score ?? 1));
  const upwards = best.toReversed();
  for (const { mask, class: index } of upwards) if (mask) paintMask(canvas, mask, { colour: classColour(index), opacity, line });
  const boxes = upwards.map(({ box, class: index }) => frame(box, canvas.scale, classColour(index), line));
  const labelled = best.map(({ box, label, class: index, score }) => ({
    box: box.map((side) => Math.round(side * canvas.scale)) as unknown as Corners,
    text: [label, score?.toFixed(2)].filter((part) => part).join(" "),
    colour: classColour(index),
  }));
  const plates = placedPlates(labelled, { ...canvas, textPx: textPx(canvas) }).toReversed();
  return toPng(canvas, { elements: [...boxes, ...plates.flatMap(plateElements)] });
}

/** Width of lines in pixels of the canvas. */
function lineOf({ height, width }: Canvas): number {
  return Math.max(2, Math.round(Math.max(height, width) / 200));
}

/** Four sides that lie within the box, on whole pixels. */
function frame([left, top, right, bottom]: Corners, scale: number, colour: Rgb, line: number): string {
  const [x0, y0, x1, y1] = [left, top, right, bottom].map((side) => Math.round(side * scale));
  const [x, y, width, height] = [x0 + line / 2, y0 + line / 2, Math.max(x1 - x0 - line, 0), Math.max(y1 - y0 - line, 0)];
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="${svgColour(colour)}" stroke-width="${line}" shape-rendering="crispEdges"/>`;
}

/** Mixes the colour into the pixels of the mask, and covers those with it that are nearer than a line's width to its edge. */
function paintMask({ rgb, height, width, scale }: Canvas, mask: Mask, { colour, opacity, line }: { colour: Rgb; opacity: number; line: number }): void {
  const pixels = maskPixels(mask);
  const reach = Math.ceil(line / 2);
  const isInside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && pixels[Math.floor(y / scale) * mask.width + Math.floor(x / scale)] === 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isInside(x, y)) continue;
      const isDeep = isInside(x - reach, y) && isInside(x + reach, y) && isInside(x, y - reach) && isInside(x, y + reach);
      const place = (y * width + x) * 3;
      const [red, green, blue] = rgb.subarray(place, place + 3);
      rgb.set(mix([red, green, blue], colour, isDeep ? opacity : 1), place);
    }
  }
}

function checkObject({ box, class: index, mask }: DrawnObject, { size: [height, width] }: Pixels, place: number): void {
  if (!box.every(Number.isFinite)) throw new Error(`drawObjects(objects[${place}].box): expected 4 finite numbers, got [${box.join(", ")}]. Leave the object out.`);
  if (!Number.isSafeInteger(index) || index < 0) throw new Error(`drawObjects(objects[${place}].class): expected a whole number from 0 on, got ${index}. Give the index of its class.`);
  if (!mask || (mask.height === height && mask.width === width)) return;
  throw new Error(`drawObjects(objects[${place}].mask): expected ${height}x${width}, as the picture, got ${mask.height}x${mask.width}. Resize the mask first.`);
}
