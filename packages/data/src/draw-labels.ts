import { checkOpacity, checkPicture, enlarged, textPx, toPng, type Pixels } from "./draw-canvas.ts";
import { classColour, mix, type Rgb } from "./draw-class-colours.ts";
import { legend } from "./draw-legend.ts";
import { ignoreLabel } from "./maps.ts";

export type LabelDrawing = {
  /** How much the colours of classes cover the picture, 0 to 1; 0.5 unless given. */
  opacity?: number;
};

/**
 * A PNG of a picture under the colours of its pixels' classes, with a legend of the classes that occur.
 *
 * Pixels with the label 255, which have no class, show the picture. The legend stands below the picture, in the order of the
 * classes. Small pictures are enlarged by a whole factor.
 *
 * @param labels [height, width], indices of `classes`, or 255
 * @throws where there is not one label per pixel, a label is no class, or the opacity is not from 0 to 1
 */
export async function drawLabels(picture: Pixels, labels: Int32Array, classes: readonly string[], options: LabelDrawing = {}): Promise<Uint8Array> {
  const { opacity = 0.5 } = options;
  checkPicture(picture, "drawLabels(picture)");
  checkOpacity(opacity, "drawLabels");
  checkLabels(labels, picture.size[0], picture.size[1], classes);
  const canvas = enlarged(coloured(picture, labels, opacity));
  const present = [...new Set(labels)].filter((label) => label !== ignoreLabel).sort((a, b) => a - b);
  const entries = present.map((label) => ({ text: classes[label], colour: classColour(label) }));
  const { elements, height } = legend(entries, { top: canvas.height, width: canvas.width, textPx: textPx(canvas) });
  return toPng(canvas, { elements, below: height });
}

function coloured({ pixels, size, channels }: Pixels, labels: Int32Array, opacity: number): Pixels {
  const rgb = new Uint8Array(labels.length * 3);
  for (const [pixel, label] of labels.entries()) {
    const [red, green, blue] = [0, 1, 2].map((channel) => pixels[pixel * channels + (channels === 3 ? channel : 0)]);
    const own: Rgb = [red, green, blue];
    rgb.set(label === ignoreLabel ? own : mix(own, classColour(label), opacity), pixel * 3);
  }
  return { pixels: rgb, size, channels: 3 };
}

function checkLabels(labels: Int32Array, height: number, width: number, classes: readonly string[]): void {
  if (labels.length !== height * width) {
    throw new Error(`drawLabels(labels): expected ${height}x${width} = ${height * width} labels, got ${labels.length}. Give one for each pixel of the picture.`);
  }
  const place = labels.findIndex((label) => label !== ignoreLabel && !(label >= 0 && label < classes.length));
  if (place < 0) return;
  const where = `row ${Math.floor(place / width)}, column ${place % width}`;
  throw new Error(`drawLabels(labels): expected classes from 0 to ${classes.length - 1}, or 255 for none, got ${labels[place]} in ${where}. Name all classes.`);
}
