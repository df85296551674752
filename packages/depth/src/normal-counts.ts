/** Angles of surface normals, counted: plain data of one size, however many pixels a data set has. */
export type NormalCounts = {
  readonly pixels: number;
  /** Sums of the angles in degrees and of their squares. */
  readonly sum: number;
  readonly squared: number;
  /** Pixels below 11.25, 22.5 and 30 degrees. */
  readonly within: readonly [number, number, number];
  /** [262144]: pixels per 0.0007 degrees, from 0 to 180, for the median. */
  readonly bins: Float64Array;
};

/** Angles in degrees below which a share is told. */
export const limitsDeg = [11.25, 22.5, 30] as const;

const bins = 2 ** 18;

/**
 * The angles of an image, counted with those of the images before where these are given.
 *
 * @param angles in degrees, from `normalErrors`
 */
export function normalCounts(angles: Float32Array, before?: NormalCounts): NormalCounts {
  const counts = before?.bins.slice() ?? new Float64Array(bins);
  let [sum, squared] = [before?.sum ?? 0, before?.squared ?? 0];
  for (const angle of angles) {
    sum += angle;
    squared += angle ** 2;
    counts[Math.min(bins - 1, Math.floor((angle * bins) / 180))]++;
  }
  const below = (index: 0 | 1 | 2): number => angles.reduce((count, angle) => count + Number(angle < limitsDeg[index]), before?.within[index] ?? 0);
  return { pixels: (before?.pixels ?? 0) + angles.length, sum, squared, within: [below(0), below(1), below(2)], bins: counts };
}

/** The middle of the counted angles, to half the width of a bin; of an even number the mean of the two in the middle. */
export function medianOf({ pixels, bins: counts }: NormalCounts): number {
  const angleAt = (rank: number): number => {
    let [bin, after] = [0, counts[0]];
    while (after <= rank) after += counts[++bin];
    return ((bin + 0.5) * 180) / bins;
  };
  return (angleAt(Math.floor((pixels - 1) / 2)) + angleAt(Math.floor(pixels / 2))) / 2;
}
