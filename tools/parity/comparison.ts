/** One number: how far what this code computes is from what a reference computed, at worst. */
export type Comparison = {
  /** Heading of the table that it stands in. */
  area: string;
  /** What was computed, at which size. */
  name: string;
  /** Who computed it too. */
  reference: string;
  /** Largest absolute difference. */
  difference: number;
  /** Largest difference that is float32 noise. */
  allowed: number;
};

type Numbers = ArrayLike<number> | { readonly data: ArrayLike<number> } | { dataSync: () => ArrayLike<number> };

/** The largest absolute difference between two arrays of as many elements; the largest number there is where one is no number. */
export function largestDifference(actual: Numbers, expected: Numbers): number {
  const [a, b] = [valuesOf(actual), valuesOf(expected)];
  if (a.length !== b.length) throw new Error(`largestDifference(actual): expected ${b.length} numbers, got ${a.length}. Compare arrays of one shape.`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (Number.isNaN(difference)) return Number.MAX_VALUE; // JSON has no NaN
    if (difference > largest) largest = difference;
  }
  return largest;
}

/** The largest absolute value. */
export function largestOf(numbers: Numbers): number {
  return Array.from(valuesOf(numbers)).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

function valuesOf(numbers: Numbers): ArrayLike<number> {
  if ("dataSync" in numbers) return numbers.dataSync();
  return "data" in numbers ? numbers.data : numbers;
}
