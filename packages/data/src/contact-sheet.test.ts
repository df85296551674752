import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { contactSheet } from "./contact-sheet.ts";

async function pixelsOf(png: Uint8Array): Promise<{ width: number; height: number; at: (x: number, y: number) => number[] }> {
  const { data, info } = await sharp(png).toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, at: (x, y) => [...data.subarray((y * info.width + x) * info.channels).subarray(0, 3)] };
}

describe("contactSheet", () => {
  it("draws 3 pictures of 2x3 RGB pixels in rows of 2, five times larger, with a grey line between them", async () => {
    const images = Float32Array.from({ length: 3 * 2 * 3 * 3 }, (_, i) => (Math.floor(i / 18) === 1 ? 1 : -1));
    images.set([1, -1, 0], 0);
    const sheet = await pixelsOf(await contactSheet({ images, shape: [3, 2, 3, 3] }, { columns: 2, scale: 5 }));
    expect([sheet.width, sheet.height]).toEqual([5 * (2 * 4 + 1), 5 * (2 * 3 + 1)]);
    expect(sheet.at(0, 0)).toEqual([128, 128, 128]);
    // The first pixel covers 5..9; level (0 + 1) * 127.5 rounds to the even 128.
    expect([sheet.at(5, 5), sheet.at(9, 9), sheet.at(10, 5)]).toEqual([[255, 0, 128], [255, 0, 128], [0, 0, 0]]);
    expect([sheet.at(20, 5), sheet.at(25, 5), sheet.at(39, 14)]).toEqual([[128, 128, 128], [255, 255, 255], [255, 255, 255]]);
    // The third picture starts the second row; the place beside it is empty.
    expect([sheet.at(5, 20), sheet.at(25, 20)]).toEqual([[0, 0, 0], [128, 128, 128]]);
  });

  it("enlarges tiny grey pictures to at least 64 px and leaves large ones", async () => {
    const tiny = await pixelsOf(await contactSheet({ images: new Uint8Array(28 * 28).fill(9), shape: [1, 28, 28, 1] }));
    expect([tiny.width, tiny.at(10, 10)]).toEqual([3 * 30, [9, 9, 9]]);
    const large = await pixelsOf(await contactSheet({ images: new Uint8Array(70 * 80 * 3), shape: [1, 70, 80, 3] }));
    expect([large.width, large.height]).toEqual([82, 72]);
  });

  it("refuses a shape that does not fit", async () => {
    await expect(contactSheet({ images: new Uint8Array(12), shape: [1, 2, 3, 4] })).rejects.toThrow(
      new Error("contactSheet(shape): expected [batch, height, width, 1 or 3] of 12 values, got [1, 2, 3, 4]. Give a batch as it is."),
    );
  });
});
