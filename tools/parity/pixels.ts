import { evaluationBatches, fileSource, type EvaluationFraming } from "@flexivit/data";
import { fixturePath, readFixture } from "@flexivit/testing";
import { largestDifference, type Comparison } from "./comparison.ts";

type Picture = { key: string; file: string; lossless: boolean };

const side = 240;

/** Evaluation pictures, in levels of 0 to 255. */
export async function pixelComparisons(): Promise<Comparison[]> {
  const { images } = await readFixture<{ images: Picture[] }>("images/images.json");
  const arrays = await readFixture("images/preprocess.npz");
  const comparisons: Comparison[] = [];
  for (const { key, file, lossless } of images) {
    const timm = await everySecond(file, { kind: "shorter-side", cropFraction: 0.95 });
    const bigVision = await everySecond(file, { kind: "squash" });
    // TensorFlow decodes JPEG with another cosine transform than Pillow and sharp: up to 8 levels.
    const allowed = lossless ? 0 : 8;
    comparisons.push(
      { area: "Pictures, in levels", name: `${file}, shorter side, centre`, reference: "timm", difference: largestDifference(timm, arrays[`${key}/timm_eval_u8_sub2`]), allowed: 0 },
      { area: "Pictures, in levels", name: `${file}, squashed`, reference: "big_vision", difference: largestDifference(bigVision, arrays[`${key}/tf_bilinear_u8_sub2`]), allowed },
    );
  }
  return comparisons;
}

/** Every second row and column of a picture cut for evaluation. */
async function everySecond(file: string, framing: EvaluationFraming): Promise<Uint8Array> {
  const source = fileSource({ files: [fixturePath(`images/${file}`)], classes: ["picture"], labels: [0] });
  for await (const { images } of evaluationBatches(source, { batchSize: 1, imageSize: side, framing })) {
    const levels = Uint8Array.from(images, (value) => Math.round((value + 1) * 127.5));
    return levels.filter((_, i) => Math.floor(i / 3) % 2 === 0 && Math.floor(i / (3 * side)) % 2 === 0);
  }
  throw new Error(`everySecond(file): expected a picture, got none from ${file}. Check the fixture.`);
}
