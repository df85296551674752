import type { Mask, MaskSize } from "./mask.ts";
import { maskFromPolygons, type Polygon } from "./polygon-mask.ts";

/** A mask as COCO files hold it: run lengths, as numbers or packed into a string. */
export type CocoRle = { size: MaskSize; counts: readonly number[] | string };

/** What COCO files call the segmentation of an object. */
export type CocoSegmentation = readonly Polygon[] | CocoRle;

/**
 * The mask of a COCO segmentation: polygons, run lengths, or packed run lengths.
 *
 * @param size of the picture
 * @throws where the segmentation is of another size, or its runs do not sum to the picture
 */
export function maskFromCoco(segmentation: CocoSegmentation, size: MaskSize): Mask {
  if (Array.isArray(segmentation)) return maskFromPolygons(segmentation as readonly Polygon[], size);
  const rle = segmentation as CocoRle;
  const [height, width] = rle.size;
  if (height !== size[0] || width !== size[1]) {
    throw new Error(`maskFromCoco(segmentation): expected size [${size.join(", ")}], as the picture, got [${rle.size.join(", ")}]. Correct the size.`);
  }
  const counts = typeof rle.counts === "string" ? unpackCounts(rle.counts) : rle.counts;
  const sum = counts.reduce((total, count) => total + count, 0);
  const wrong = counts.find((count) => !(Number.isInteger(count) && count >= 0));
  if (wrong !== undefined || sum !== height * width) {
    const got = wrong === undefined ? `a sum of ${sum}` : `a run of ${wrong}`;
    throw new Error(`maskFromCoco(segmentation.counts): expected whole numbers that sum to ${height * width}, got ${got}. The mask is damaged: replace it.`);
  }
  return { height, width, counts };
}

/** The mask with its run lengths packed into a string, as COCO result files hold it. */
export function maskToCoco({ height, width, counts }: Mask): { size: [number, number]; counts: string } {
  return { size: [height, width], counts: packCounts(counts) };
}

/**
 * Each run less the last but one run of its kind (from the fourth on), in groups of 5 bits from the lowest, in two's
 * complement; a sixth bit says that more groups follow; 48 is added to make a character.
 */
function packCounts(counts: readonly number[]): string {
  let text = "";
  for (const [i, count] of counts.entries()) {
    let rest = i > 2 ? count - counts[i - 2] : count;
    for (let more = true; more; ) {
      const group = ((rest % 32) + 32) % 32;
      rest = Math.floor(rest / 32);
      more = rest !== (group >= 16 ? -1 : 0);
      text += String.fromCharCode(48 + group + (more ? 32 : 0));
    }
  }
  return text;
}

function unpackCounts(text: string): number[] {
  const counts: number[] = [];
  for (let place = 0; place < text.length; ) {
    let [value, weight, code] = [0, 1, 32];
    for (; code >= 32; weight *= 32) {
      code = text.charCodeAt(place++) - 48; // NaN beyond the end
      if (!(code >= 0 && code < 64)) throw damaged(text);
      value += (code % 32) * weight;
    }
    if (code >= 16) value -= weight; // the sign
    counts.push(counts.length > 2 ? value + counts[counts.length - 2] : value);
  }
  return counts;
}

function damaged(text: string): Error {
  return new Error(`maskFromCoco(segmentation.counts): expected characters 0 to o that end with a last group, got "${text}". The mask is damaged: replace it.`);
}
