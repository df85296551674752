import sharp from "sharp";
import { svgFile, textPx } from "./draw-canvas.ts";
import { fittedText, textPath } from "./draw-text.ts";

export type SideBySideOptions = {
  /** Pictures per row; all in one row unless given. */
  columns?: number;
  /** What is written above each picture. */
  captions?: readonly string[];
};

/**
 * A PNG of pictures beside each other on white, row by row, each with its caption above.
 *
 * Every place is as wide and as high as the largest picture needs; pictures keep their sizes and stand at the upper left of
 * their places. Captions that are wider than a place are cut.
 *
 * @param pngs picture files, such as other functions here draw
 * @throws where there is no picture, not one caption per picture, or columns is no whole number from 1 on
 */
export async function sideBySide(pngs: readonly Uint8Array[], options: SideBySideOptions = {}): Promise<Uint8Array> {
  const { columns = pngs.length, captions = [] } = options;
  check(pngs.length, columns, options.captions);
  const sizes = await Promise.all(pngs.map((png) => sharp(png).metadata()));
  const [height, width] = [Math.max(...sizes.map((size) => size.height)), Math.max(...sizes.map((size) => size.width))];
  const captionPx = textPx({ height, width });
  const [gap, head] = [Math.round(captionPx / 2), captions.length > 0 ? Math.round(captionPx * 1.5) : 0];
  const places = pngs.map((_, i) => ({ left: gap + (i % columns) * (width + gap), top: gap + Math.floor(i / columns) * (head + height + gap) }));
  const texts = captions.map((caption, i) => textPath(fittedText(caption, captionPx, width), { x: places[i].left, top: places[i].top, textPx: captionPx }));
  const sheet = {
    height: gap + Math.ceil(pngs.length / columns) * (head + height + gap),
    width: gap + Math.min(columns, pngs.length) * (width + gap),
  };
  const layers = pngs.map((png, i) => ({ input: Buffer.from(png), left: places[i].left, top: places[i].top + head }));
  const ground = sharp({ create: { ...sheet, channels: 3, background: "white" } });
  return ground.composite([...layers, { input: svgFile(sheet, texts) }]).removeAlpha().png().toBuffer();
}

function check(pictures: number, columns: number, captions: readonly string[] | undefined): void {
  if (pictures === 0) throw new Error("sideBySide(pngs): expected at least one picture, got none. Draw one first.");
  if (!Number.isSafeInteger(columns) || columns < 1) throw new Error(`sideBySide(columns): expected a whole number from 1 on, got ${columns}. Leave it out for one row.`);
  if (!captions || captions.length === pictures) return;
  throw new Error(`sideBySide(captions): expected one for each of ${pictures} pictures, got ${captions.length}. Give all, or none.`);
}
