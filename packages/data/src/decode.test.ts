import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixturePath } from "@flexivit/testing";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeView, pictureSize } from "./decode.ts";
import type { Size, View } from "./view.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "decode-"));
});
afterAll(() => rm(root, { recursive: true }));

const whole = ([height, width]: Size): View => ({
  region: { top: 0, left: 0, height, width },
  resized: [height, width],
  window: { top: 0, left: 0, height, width },
  flip: false,
  resampling: "pil-bilinear",
});

async function decode(content: Uint8Array, name: string): Promise<{ size: Size; pixels: Uint8Array }> {
  const file = join(root, name);
  await writeFile(file, content);
  const size = await pictureSize(file);
  const pixels = new Uint8Array(size[0] * size[1] * 3);
  await decodeView(file, size, whole(size), pixels);
  return { size, pixels };
}

/** 2 x 3 pixels: red, green, blue above black, grey, white. */
const six = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 128, 128, 128, 255, 255, 255);
const sixPixels = (): Sharp => sharp(six, { raw: { width: 3, height: 2, channels: 3 } });

describe("decodeView", () => {
  it("turns grey, 16-bit, palette and transparent pictures into RGB without touching the levels", async () => {
    expect((await decode(await sixPixels().png().toBuffer(), "rgb.png")).pixels).toEqual(six);
    expect((await decode(await sixPixels().png({ palette: true }).toBuffer(), "palette.png")).pixels).toEqual(six);
    expect((await decode(await sixPixels().toColourspace("rgb16").png().toBuffer(), "rgb16.png")).pixels).toEqual(six);
    const grey = Uint8Array.of(0, 50, 100, 150, 200, 250);
    const greyPng = await sharp(grey, { raw: { width: 3, height: 2, channels: 1 } }).toColourspace("b-w").png().toBuffer();
    expect((await decode(greyPng, "grey.png")).pixels).toEqual(Uint8Array.from({ length: 18 }, (_, i) => grey[Math.floor(i / 3)]));
    const alpha = Uint8Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 40 : six[Math.floor(i / 4) * 3 + (i % 4)]));
    const alphaPng = await sharp(alpha, { raw: { width: 3, height: 2, channels: 4 } }).png().toBuffer();
    expect((await decode(alphaPng, "alpha.png")).pixels).toEqual(six);
  });

  it("leaves the levels of a picture with a colour profile as they are stored: red of Display P3 is 234", async () => {
    const { pixels } = await decode(await sixPixels().withIccProfile("p3").png().toBuffer(), "p3.png");
    expect(Math.abs(pixels[0] - 234)).toBeLessThan(3);
  });

  it("turns CMYK into RGB: a red picture stays red", async () => {
    const red = sharp({ create: { width: 4, height: 5, channels: 3, background: { r: 220, g: 20, b: 20 } } });
    const { size, pixels } = await decode(await red.toColourspace("cmyk").jpeg().toBuffer(), "cmyk.jpg");
    expect(size).toEqual([5, 4]);
    expect(pixels[0]).toBeGreaterThan(180);
    expect(Math.max(pixels[1], pixels[2])).toBeLessThan(80);
  });

  it("puts a picture upright as its EXIF orientation says", async () => {
    const turned = await sixPixels().png().withMetadata({ orientation: 6 }).toBuffer();
    const { size, pixels } = await decode(turned, "turned.png");
    expect(size).toEqual([3, 2]);
    // A quarter turn clockwise: the left column, from below, becomes the first row.
    expect([...pixels.subarray(0, 6)]).toEqual([0, 0, 0, 255, 0, 0]);
  });
});

describe("fast-bilinear of files", () => {
  const file = fixturePath("images/coffee.jpg");
  const size: Size = [320, 300];
  const region = { top: 31, left: 17, height: 200, width: 230 };
  const compare = async (view: View): Promise<{ mean: number; largest: number }> => {
    const { height, width } = view.window;
    const [fast, exact] = [new Uint8Array(height * width * 3), new Uint8Array(height * width * 3)];
    await decodeView(file, size, { ...view, resampling: "fast-bilinear" }, fast);
    await decodeView(file, size, { ...view, resampling: "pil-bilinear" }, exact);
    const differences = fast.map((level, i) => Math.abs(level - exact[i]));
    return { mean: differences.reduce((sum, value) => sum + value, 0) / differences.length, largest: Math.max(...differences) };
  };

  // Both filter by a triangle and round differently; libvips enlarges half a pixel further to the right and below.
  // A region or window that is off by one pixel gives 5 levels or more on this photo, a wrong flip 56.
  it.each<[string, number, Partial<View>]>([
    ["a shrunk region", 0.4, { region, resized: [96, 110], window: { top: 0, left: 0, height: 96, width: 110 } }],
    ["an enlarged region", 3, { region: { ...region, height: 40, width: 50 }, resized: [96, 90], window: { top: 0, left: 0, height: 96, width: 90 } }],
    ["a mirrored window away from the middle", 0.4, { resized: [96, 110], window: { top: 3, left: 5, height: 60, width: 50 }, flip: true }],
    // From here on libjpeg decodes at a half or a quarter of the size. The region begins at whole pixels of the result.
    ["a picture shrunk to a quarter", 1, { resized: [80, 75], window: { top: 0, left: 0, height: 80, width: 75 } }],
    ["a region shrunk to a quarter", 1, { region: { top: 32, left: 60, height: 160, width: 120 }, resized: [40, 30], window: { top: 3, left: 5, height: 36, width: 22 } }],
    ["a mirrored region shrunk to a fifth and a quarter", 1, { region: { top: 35, left: 60, height: 200, width: 120 }, resized: [40, 30], window: { top: 3, left: 5, height: 36, width: 22 }, flip: true }],
  ])("is for %s within %d levels of Pillow's on average", async (_, bound, change) => {
    const { mean } = await compare({ ...whole(size), ...change });
    expect(mean).toBeLessThan(bound);
  });

  it("agrees bit for bit where nothing is resized", async () => {
    const view: View = { ...whole(size), region, resized: [200, 230], window: { top: -2, left: 3, height: 100, width: 240 }, flip: true };
    expect(await compare(view)).toEqual({ mean: 0, largest: 0 });
  });

  it.each([2.6, 3.4, 5.7, 9.3])("cuts a region that is shrunk %d times to half a pixel of the result, also out of a turned file", async (times) => {
    const ramp = join(root, "ramp.jpg");
    const [height, width] = [410, 255];
    // One level per column as it is seen; the file holds the picture turned, and EXIF says so.
    const levels = Uint8Array.from({ length: height * width * 3 }, (_, i) => Math.floor(i / 3) % width);
    await sharp(levels, { raw: { width, height, channels: 3 } }).rotate(-90).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toFile(ramp);
    const [rows, columns] = [Math.round(300 / times), Math.round(201 / times)];
    const out = new Uint8Array(rows * columns * 3);
    const region = { top: 37, left: 23, height: 300, width: 201 };
    const view: View = { region, resized: [rows, columns], window: { top: 0, left: 0, height: rows, width: columns }, flip: false, resampling: "fast-bilinear" };
    await decodeView(ramp, [height, width], view, out);
    const scale = 201 / columns;
    const seen = (column: number): number => out[3 * ((rows >> 1) * columns + column)];
    // The middle of a column of the result, in columns of the picture; one level is for the rounding of JPEG.
    for (let column = 2; column < columns - 2; column++) expect(Math.abs(seen(column) - (23 + (column + 0.5) * scale - 0.5))).toBeLessThan(scale / 2 + 1);
  });
});
