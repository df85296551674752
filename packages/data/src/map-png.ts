import sharp from "sharp";
import type { Size } from "./view.ts";

/**
 * A grey 8-bit PNG of classes, stored as they are: 0 for the first class, 255 for none.
 *
 * @param labels [height, width], 0 to 254 or 255
 * @throws where there are not height * width labels, or one does not fit in 8 bits
 */
export async function labelsPng(labels: ArrayLike<number>, size: Size): Promise<Uint8Array> {
  checkLength("labelsPng(labels)", labels, size);
  const pixels = Uint8Array.from(labels);
  const wrong = pixels.findIndex((value, i) => value !== labels[i]);
  if (wrong >= 0) throw new Error(`labelsPng(labels): expected whole numbers from 0 to 255, got ${labels[wrong]} at ${wrong}. Use fewer classes.`);
  return greyPng(pixels, size);
}

/**
 * A grey 16-bit PNG of depths, in millimetres unless said: what `nyuDepth` reads. 0 where a depth is unknown.
 *
 * @param depth [height, width] in metres; what is more than 65,535 units becomes that
 * @throws where there are not height * width depths
 */
export async function depthPng(depth: ArrayLike<number>, size: Size, unitsPerMetre = 1000): Promise<Uint8Array> {
  checkLength("depthPng(depth)", depth, size);
  const pixels = Uint16Array.from(depth, (metres) => (metres > 0 ? Math.min(65_535, Math.round(metres * unitsPerMetre)) : 0));
  return greyPng(pixels, size);
}

/**
 * An RGB PNG of surface normals, 8 bits, -1 to 1 as 0 to 255: what `nyuDepth` reads. Zeros, which are unknown, become grey.
 *
 * @param normals [height, width, 3], unit vectors
 * @throws where there are not height * width * 3 values
 */
export async function normalsPng(normals: ArrayLike<number>, [height, width]: Size): Promise<Uint8Array> {
  checkLength("normalsPng(normals)", normals, [height, 3 * width]);
  const pixels = Uint8Array.from(normals, (value) => Math.round((value + 1) * 127.5));
  return sharp(pixels, { raw: { height, width, channels: 3 } }).png().toBuffer();
}

function checkLength(argument: string, values: ArrayLike<number>, [height, width]: Size): void {
  if (values.length === height * width) return;
  throw new Error(`${argument}: expected ${height}x${width} = ${height * width} values, got ${values.length}. Check height and width.`);
}

function greyPng(pixels: Uint8Array | Uint16Array, [height, width]: Size): Promise<Uint8Array> {
  const isWide = pixels instanceof Uint16Array;
  // Without the space libvips would write grey as RGB.
  return sharp(pixels, { raw: { height, width, channels: 1 } }).toColourspace(isWide ? "grey16" : "b-w").png().toBuffer();
}
