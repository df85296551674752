import { cp, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fixturePath } from "@flexivit/testing";
import sharp from "sharp";

/** Writes a picture of 3x5 px (or another size), red = 10 * row + column. */
export async function writePicture(file: string, [height, width]: readonly number[] = [3, 5]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i % 3 === 0 ? 10 * Math.floor(i / 3 / width) + (Math.floor(i / 3) % width) : 0));
  await sharp(pixels, { raw: { width, height, channels: 3 } }).png().toFile(file);
}

/** Copies a map of the fixtures. */
export async function copyMap(name: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await cp(fixturePath(`maps/${name}`), file);
}
