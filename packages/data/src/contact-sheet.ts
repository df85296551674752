import sharp from "sharp";

export type SheetOptions = {
  /** Pictures per row; by default as many as make the sheet about square. */
  columns?: number;
  /** How many times larger each pixel is drawn; by default enough to make a picture at least 64 px high. */
  scale?: number;
};

/**
 * A PNG that shows pictures beside each other, in rows from left to right, enlarged without smoothing.
 *
 * @param pictures a batch: images [batch, height, width, channels] in [-1, 1], or 8-bit ones; 1 or 3 channels
 */
export async function contactSheet(
  pictures: { images: Float32Array | Uint8Array; shape: readonly [batch: number, height: number, width: number, channels: number] },
  options: SheetOptions = {},
): Promise<Uint8Array> {
  const { images, shape } = pictures;
  const [batch, height, width, channels] = shape;
  if ((channels !== 1 && channels !== 3) || batch < 1 || images.length !== batch * height * width * channels) {
    throw new Error(`contactSheet(shape): expected [batch, height, width, 1 or 3] of ${images.length} values, got [${shape.join(", ")}]. Give a batch as it is.`);
  }
  const scale = options.scale ?? Math.max(1, Math.ceil(smallestPx / height));
  const columns = Math.min(batch, options.columns ?? Math.ceil(Math.sqrt((batch * height) / width)));
  const sheet = layOut(images, shape, columns);
  const size = { width: columns * (width + 1) + 1, height: Math.ceil(batch / columns) * (height + 1) + 1 };
  const png = sharp(sheet, { raw: { ...size, channels } }).resize(size.width * scale, size.height * scale, { kernel: "nearest" });
  return png.png().toBuffer();
}

const smallestPx = 64;
const gapLevel = 128;

/** All pictures on a grey ground with a line of one pixel between them. */
function layOut(images: Float32Array | Uint8Array, shape: readonly [number, number, number, number], columns: number): Uint8Array {
  const [batch, height, width, channels] = shape;
  const rowLength = (columns * (width + 1) + 1) * channels;
  const sheet = new Uint8Array((Math.ceil(batch / columns) * (height + 1) + 1) * rowLength).fill(gapLevel);
  const levels = images instanceof Uint8Array ? images : Uint8ClampedArray.from(images, (value) => (value + 1) * 127.5);
  for (let picture = 0; picture < batch; picture++) {
    const top = 1 + Math.floor(picture / columns) * (height + 1);
    const left = 1 + (picture % columns) * (width + 1);
    for (let row = 0; row < height; row++) {
      const start = (picture * height + row) * width * channels;
      sheet.set(levels.subarray(start, start + width * channels), (top + row) * rowLength + left * channels);
    }
  }
  return sheet;
}
