import type { Average } from "./valid-pixels.ts";

/** Sums over the pixels of one image: plain data, a dozen numbers however large the image is. */
export type DepthErrors = {
  pixels: number;
  squared: number;
  absolute: number;
  relative: number;
  squaredRelative: number;
  /** Of e = ln p - ln g, of its square, and of |e|. */
  log: number;
  squaredLog: number;
  absoluteLog: number;
  /** Pixels whose ratio max(p / g, g / p) is below 1.25, 1.25^2, 1.25^3. */
  within: [number, number, number];
};

export type DepthErrorOptions = {
  /** [pixels]: 1 or true where a pixel counts; all that have a depth unless given. */
  mask?: ArrayLike<number | boolean>;
  /** Truth outside does not count, predictions are cut to it: [0.001, 10] is usual for NYU, [0.001, 80] for KITTI. */
  range?: readonly [nearest: number, farthest: number];
};

/**
 * The errors of the depths of one image; a pixel whose truth is not above 0 (unknown, NaN) never counts.
 *
 * @param prediction [pixels], above 0
 * @param truth [pixels], in the same unit
 * @throws where the lengths differ, or a prediction that counts is not above 0.
 */
export function depthErrors(prediction: ArrayLike<number>, truth: ArrayLike<number>, { mask, range = [0, Infinity] }: DepthErrorOptions = {}): DepthErrors {
  for (const [name, length] of [["prediction", prediction.length], ["mask", mask?.length ?? truth.length]] as const) {
    if (length !== truth.length) throw new Error(`depthErrors(${name}): expected ${truth.length} pixels, as the truth has, got ${length}. Resize it.`);
  }
  const sums: DepthErrors = { pixels: 0, squared: 0, absolute: 0, relative: 0, squaredRelative: 0, log: 0, squaredLog: 0, absoluteLog: 0, within: [0, 0, 0] };
  const [nearest, farthest] = range;
  for (let i = 0; i < truth.length; i++) {
    const g = truth[i];
    if (!(g > 0 && g >= nearest && g <= farthest) || (mask && !mask[i])) continue;
    const p = Math.min(Math.max(prediction[i], nearest), farthest);
    if (!(p > 0 && p < Infinity)) throw notADepth(prediction[i], i);
    addPixel(sums, p, g);
  }
  return sums;
}

/** A range cannot help where a prediction is no number. */
function notADepth(got: number, index: number): Error {
  const remedy = Number.isNaN(got) ? "Train with a smaller learning rate, or take other weights" : "Give a range to cut predictions to, or take other weights";
  return new Error(`depthErrors(prediction): expected a finite depth above 0, got ${got} at ${index}. ${remedy}.`);
}

function addPixel(sums: DepthErrors, p: number, g: number): void {
  const [difference, e] = [p - g, Math.log(p) - Math.log(g)];
  sums.pixels++;
  sums.squared += difference ** 2;
  sums.absolute += Math.abs(difference);
  sums.relative += Math.abs(difference) / g;
  sums.squaredRelative += difference ** 2 / g;
  sums.log += e;
  sums.squaredLog += e ** 2;
  sums.absoluteLog += Math.abs(e);
  for (const k of [0, 1, 2]) if (Math.max(p / g, g / p) < 1.25 ** (k + 1)) sums.within[k]++;
}

/** Figures of depths p against g, with e = ln p - ln g. */
export type DepthMetrics = {
  /** sqrt(mean((p - g)^2)), mean(|p - g|) */
  rmse: number;
  mae: number;
  /** mean(|p - g| / g), mean((p - g)^2 / g) */
  absRel: number;
  sqRel: number;
  /** sqrt(mean(e^2)), mean(|log10 p - log10 g|) */
  rmseLog: number;
  log10: number;
  /** Share of the pixels whose ratio is below 1.25, 1.25^2, 1.25^3. */
  delta1: number;
  delta2: number;
  delta3: number;
  /** sqrt(mean(e^2) - mean(e)^2): blind to a common factor. KITTI's is 100 times this. */
  silog: number;
};

/**
 * The figures of a data set from the errors of its images.
 *
 * @param average `pixels`: one mean over all pixels that count; `images`: the mean of each image's figures, over the
 *   images that have such pixels. Papers differ; `pixels` unless given
 * @throws where no pixel counts, or the average does not exist.
 */
export function depthMetrics(errors: readonly DepthErrors[], average: Average = "pixels"): DepthMetrics {
  const counted = errors.filter(({ pixels }) => pixels > 0);
  if (counted.length === 0) throw new Error(`depthMetrics(errors): expected a pixel with a true depth, got none in ${errors.length} images. Check the masks and the range.`);
  if (average === "pixels") return figuresOf(counted.reduce(addErrors));
  if (average !== "images") throw new Error(`depthMetrics(average): expected one of pixels, images, got ${JSON.stringify(average)}. Use pixels for one mean over all.`);
  const perImage = counted.map(figuresOf);
  const names = Object.keys(perImage[0]) as (keyof DepthMetrics)[];
  return Object.fromEntries(names.map((name) => [name, perImage.reduce((sum, figures) => sum + figures[name], 0) / perImage.length])) as DepthMetrics;
}

function addErrors(a: DepthErrors, b: DepthErrors): DepthErrors {
  const names = Object.keys(a).filter((name) => name !== "within") as Exclude<keyof DepthErrors, "within">[];
  const sums = Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Omit<DepthErrors, "within">;
  return { ...sums, within: [a.within[0] + b.within[0], a.within[1] + b.within[1], a.within[2] + b.within[2]] };
}

function figuresOf(sums: DepthErrors): DepthMetrics {
  const mean = (sum: number): number => sum / sums.pixels;
  return {
    rmse: Math.sqrt(mean(sums.squared)),
    mae: mean(sums.absolute),
    absRel: mean(sums.relative),
    sqRel: mean(sums.squaredRelative),
    rmseLog: Math.sqrt(mean(sums.squaredLog)),
    log10: mean(sums.absoluteLog) / Math.LN10,
    delta1: mean(sums.within[0]),
    delta2: mean(sums.within[1]),
    delta3: mean(sums.within[2]),
    silog: Math.sqrt(Math.max(0, mean(sums.squaredLog) - mean(sums.log) ** 2)),
  };
}
