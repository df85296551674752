import sharp from "sharp";
import { white } from "./draw-class-colours.ts";
import type { Size } from "./view.ts";

/** A picture: 8-bit pixels [height, width, channels], row by row; 1 channel is grey, 3 are RGB. */
export type Pixels = { pixels: Uint8Array; size: Size; channels: 1 | 3 };

/** A picture that is drawn on: RGB, each of its pixels `scale` pixels wide and high. */
export type Canvas = {
  /** [height, width, 3] */
  rgb: Uint8Array;
  height: number;
  width: number;
  scale: number;
};

/** What is drawn over a canvas: elements of SVG in its pixels, and how many white rows are added below for them. */
export type Overlay = { elements: readonly string[]; below?: number };

/** The longer side from which on text can be read. */
const readablePx = 384;

/** A picture as a canvas, small ones enlarged by the whole factor that makes their longer side at least 384 px. */
export function enlarged({ pixels, size: [rows, columns], channels }: Pixels): Canvas {
  const scale = Math.max(1, Math.ceil(readablePx / Math.max(rows, columns)));
  const [height, width] = [rows * scale, columns * scale];
  const rgb = new Uint8Array(height * width * 3);
  for (let i = 0, y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = (Math.floor(y / scale) * columns + Math.floor(x / scale)) * channels;
      for (let channel = 0; channel < 3; channel++) rgb[i++] = pixels[place + (channels === 3 ? channel : 0)];
    }
  }
  return { rgb, height, width, scale };
}

/** @throws as `where: ..` where sizes are not whole or there are other than height * width * channels values */
export function checkPicture({ pixels, size: [height, width], channels }: Pixels, where: string): void {
  const isWhole = [height, width].every((side) => Number.isSafeInteger(side) && side > 0);
  if (isWhole && (channels === 1 || channels === 3) && pixels.length === height * width * channels) return;
  throw new Error(
    `${where}: expected height x width x 1 or 3 values, got ${pixels.length} for ${height}x${width}x${channels}. Check size and channels.`,
  );
}

/** @throws where an opacity is not from 0 to 1 */
export function checkOpacity(opacity: number, where: string): void {
  if (opacity >= 0 && opacity <= 1) return;
  throw new Error(`${where}(opacity): expected a number from 0 to 1, got ${opacity}. 0.5 shows both.`);
}

/** Height of text in pixels on a picture of this size. */
export function textPx({ height, width }: { height: number; width: number }): number {
  return Math.max(12, Math.round(Math.max(height, width) / 40));
}

/** The canvas with its overlay as a PNG. */
export async function toPng({ rgb, height, width }: Canvas, { elements, below = 0 }: Overlay = { elements: [] }): Promise<Uint8Array> {
  const raw = { height: height + below, width, channels: 3 } as const;
  const whole = new Uint8Array(raw.height * width * 3).fill(white[0]);
  whole.set(rgb);
  const picture = sharp(whole, { raw });
  if (elements.length > 0) picture.composite([{ input: svgFile(raw, elements) }]);
  return picture.removeAlpha().png().toBuffer();
}

/** A file of SVG that has these elements, in pixels. */
export function svgFile({ height, width }: { height: number; width: number }, elements: readonly string[]): Buffer {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" height="${height}" width="${width}">${elements.join("")}</svg>`);
}
