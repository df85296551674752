import sharp, { type Sharp } from "sharp";
import { applyView, type Box, type Size, type View } from "./view.ts";

/** What a picture file may be called; what it really is, is found in its content. */
export const pictureExtensions: readonly string[] = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif"];

let prepared = false;

/**
 * A picture on its way to upright 8-bit RGB. The pixels are those that Pillow's convert("RGB") gives,
 * but CMYK goes through a colour profile: EXIF orientation is applied, embedded profiles are not,
 * alpha is dropped without blending, 16 bits become 8. A damaged file is an error, a warning is not.
 */
function open(file: string): Sharp {
  if (!prepared) {
    // One picture per thread of libuv's pool (UV_THREADPOOL_SIZE, 4) leaves cores to the training step,
    // and a file that is read once per epoch gains nothing from a cache.
    sharp.concurrency(1);
    sharp.cache(false);
    prepared = true;
  }
  return sharp(file, { failOn: "error", ignoreIcc: true }).autoOrient().toColourspace("srgb").removeAlpha();
}

/** Height and width of a picture as it is seen, read from the file's header. */
export async function pictureSize(file: string): Promise<Size> {
  const { autoOrient } = await open(file).metadata();
  return [autoOrient.height, autoOrient.width];
}

/** Decodes the whole file and forgets it: throws where any part of it is damaged. */
export async function tryDecoding(file: string): Promise<void> {
  // stats() would not do: it accepts a JPEG that ends too early.
  await gate(() => open(file).raw().toBuffer());
}

/** Writes the RGB pixels [window height, window width, 3] that a view shows of a picture file of `size` to `out`. */
export async function decodeView(file: string, size: Size, view: View, out: Uint8Array): Promise<void> {
  if (canResizeInThread(view)) {
    out.set(await resizeInThread(file, size, view));
    return;
  }
  const { region } = view;
  const pixels = await gate(() => rawPixels(open(file).extract(region), region));
  const part: View = { ...view, region: { ...region, top: 0, left: 0 } };
  applyView(pixels, [region.height, region.width], 3, part, out);
}

function canResizeInThread({ resampling, region, resized, window }: View): boolean {
  const resizes = resized[0] !== region.height || resized[1] !== region.width;
  const inside =
    window.top >= 0 && window.left >= 0 && window.top + window.height <= resized[0] && window.left + window.width <= resized[1];
  return resampling === "fast-bilinear" && resizes && inside;
}

function resizeInThread(file: string, size: Size, view: View): Promise<Uint8Array> {
  const { picture, width, window } = canShrinkOnLoad(file, view) ? wholeResized(file, size, view) : regionResized(file, view);
  if (!view.flip) return rawPixels(picture.extract(window), window);
  // sharp mirrors before it cuts, whatever the order of the calls.
  return rawPixels(picture.flop().extract({ ...window, left: width - window.left - window.width }), window);
}

/** A resized picture, how wide it is, and the window in it. */
type Resized = { picture: Sharp; width: number; window: Box };

const stretched = { fit: "fill", kernel: "linear" } as const;

function regionResized(file: string, { region, resized: [height, width], window }: View): Resized {
  return { picture: open(file).extract(region).resize(width, height, stretched), width, window };
}

/** sharp lets libjpeg decode at a half, a quarter or an eighth of the size where a side shrinks three, five or nine times. */
function canShrinkOnLoad(file: string, { region, resized }: View): boolean {
  return /\.jpe?g$/i.test(file) && Math.min(region.height / resized[0], region.width / resized[1]) >= 3;
}

/** libjpeg shrinks whole pictures only, so the region is cut afterwards: to half a pixel of the result. */
function wholeResized(file: string, size: Size, { region, resized, window }: View): Resized {
  const height = Math.round((size[0] * resized[0]) / region.height);
  const width = Math.round((size[1] * resized[1]) / region.width);
  // Rounded like this, the end of a region never lies outside.
  const top = Math.round((region.top * height) / size[0]) + window.top;
  const left = Math.round((region.left * width) / size[1]) + window.left;
  return { picture: open(file).resize(width, height, stretched), width, window: { ...window, top, left } };
}

async function rawPixels(picture: Sharp, { height, width }: Box): Promise<Uint8Array> {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  if (info.height !== height || info.width !== width || info.channels !== 3) {
    const got = `${info.height}x${info.width}x${info.channels}`;
    throw new Error(`expected ${height}x${width}x3 pixels, got ${got}. The file changed after it was listed: list the folder again`);
  }
  return data;
}

/** Large pictures in full size that wait for the main thread would fill the memory: at most this many at a time. */
const openGates = 8;
let inside = 0;
const outside: (() => void)[] = [];

async function gate<Result>(work: () => Promise<Result>): Promise<Result> {
  if (inside >= openGates) await new Promise<void>((enter) => outside.push(enter));
  else inside++;
  try {
    return await work();
  } finally {
    const next = outside.shift();
    if (next) next();
    else inside--;
  }
}

/** Turns RGB pixels into grey ones as Pillow's convert("L") does: (19595 R + 38470 G + 7471 B + 32768) >> 16. */
export function toGrey(rgb: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) {
    out[i] = (rgb[3 * i] * 19595 + rgb[3 * i + 1] * 38470 + rgb[3 * i + 2] * 7471 + 0x8000) >> 16;
  }
}

/** The first line of an error; libvips adds its whole history below. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
