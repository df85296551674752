import sharp from "sharp";
import { reasonOf } from "./decode.ts";
import { ignoreLabel, toUnitVectors, type PixelMap } from "./maps.ts";
import type { Size } from "./view.ts";

/**
 * Labels from a grey 8-bit PNG.
 *
 * @param classOf [256]: the class of each stored value, `ignoreLabel` for none; -1 where a value must not occur
 * @throws with the file, the value and its place where a value must not occur; where the file is no grey 8-bit picture
 */
export async function labelPicture(file: string, classOf: Int32Array): Promise<PixelMap<"labels">> {
  const { size, pixels } = await rawMap(file, ["b-w"], "grey, 8 bits");
  const values = new Int32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) values[i] = classOf[pixels[i]];
  const wrong = values.indexOf(-1);
  if (wrong >= 0) {
    const place = `row ${Math.floor(wrong / size[1])}, column ${wrong % size[1]}`;
    const known = Array.from(classOf.keys()).filter((value) => classOf[value] >= 0);
    throw refuse(file, `labels from ${known[0]} to ${known.at(-1)}`, `${pixels[wrong]} at ${place}`, "Correct the file or the classes");
  }
  return { size, values };
}

/** Class of each stored value: `classes[value]` where there is one, and `ignored` values. */
export function classTable(classes: ReadonlyMap<number, number>, ignored: readonly number[]): Int32Array {
  const table = new Int32Array(256).fill(-1);
  for (const [value, label] of classes) table[value] = label;
  for (const value of ignored) table[value] = ignoreLabel;
  return table;
}

/** Metres from a grey 16-bit PNG; 0 is unknown. */
export async function depthPicture(file: string, unitsPerMetre: number): Promise<PixelMap<"depth">> {
  const { size, pixels } = await rawMap(file, ["grey16"], "grey, 16 bits");
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) values[i] = pixels[i] / unitsPerMetre;
  return { size, values };
}

/** Unit vectors from an RGB PNG, 0 to the largest value for -1 to 1; pixels near grey, or black, are unknown. */
export async function normalPicture(file: string): Promise<PixelMap<"normals">> {
  const { size, pixels } = await rawMap(file, ["srgb", "rgb16"], "RGB");
  const half = pixels instanceof Uint8Array ? 127.5 : 32767.5;
  const vectors = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] + pixels[i + 1] + pixels[i + 2] === 0) continue;
    for (let k = i; k < i + 3; k++) vectors[k] = pixels[k] / half - 1;
  }
  return { size, values: toUnitVectors(vectors, 0.5) };
}

type Space = "b-w" | "grey16" | "srgb" | "rgb16";

/** The stored values of a picture of one of several kinds, as they are. */
async function rawMap(file: string, accepted: readonly Space[], format: string): Promise<{ size: Size; pixels: Uint8Array | Uint16Array }> {
  try {
    const picture = sharp(file, { failOn: "error", ignoreIcc: true });
    const { space: stored, isPalette, bitsPerSample = 8, hasAlpha, channels } = await picture.metadata();
    const space = accepted.find((name) => name === stored);
    const got = isPalette ? "a palette" : `${channels} channels of ${bitsPerSample} bits`;
    if (!space || isPalette || hasAlpha || bitsPerSample < 8) throw refuse(file, `a picture of ${format}`, got, "Convert it without changing its values");
    const isWide = space === "grey16" || space === "rgb16";
    // Without the space, and the depth of 16 bits, libvips would turn grey into RGB and scale the values.
    const { data, info } = await picture.toColourspace(space).raw({ depth: isWide ? "ushort" : "uchar" }).toBuffer({ resolveWithObject: true });
    return { size: [info.height, info.width], pixels: isWide ? new Uint16Array(Uint8Array.from(data).buffer) : new Uint8Array(data) };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("readMap(")) throw error;
    throw refuse(file, "a map that can be decoded", reasonOf(error), "Remove or replace the file");
  }
}

/** The error of a map that cannot be read. */
export function refuse(file: string, expected: string, got: string, remedy: string): Error {
  return new Error(`readMap(${file}): expected ${expected}, got ${got}. ${remedy}.`);
}
