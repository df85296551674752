import * as tf from "@tensorflow/tfjs-core";

/** Numbers with or without a shape: a tensor, a fixture, an array, one number. */
export type Numbers =
  | tf.Tensor
  | { shape: readonly number[]; data: ArrayLike<number> }
  | ArrayLike<number>
  | number;

/** How far a value may be off: the larger of `absolute` and `relative` times the largest |expected|. */
export type Tolerance = { relative?: number; absolute?: number };

/**
 * Throws where a value differs from the expected one by more than the tolerance, and names the worst one.
 *
 * Every element has the same tolerance, max(absolute, relative * max |expected|), because float32
 * noise of sums is relative to the largest terms, not to each result. Where both sides have a shape,
 * the shapes must be equal. Without a tolerance the values must be equal.
 */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: Tolerance = {}): void {
  const got = numbersOf(actual);
  const want = numbersOf(expected);
  const shape = got.shape ?? want.shape ?? [got.data.length];
  if (!sameShape(got, want)) {
    const [expectedShape, gotShape] = [want, got].map((flat) => flat.shape ?? [flat.data.length]);
    throw new Error(`expectClose(actual): expected shape [${expectedShape}], got [${gotShape}]. Reshape one of them.`);
  }
  const scale = want.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const allowed = Math.max(tolerance.absolute ?? 0, (tolerance.relative ?? 0) * scale);
  const worst = worstIndex(got.data, want.data);
  const difference = Math.abs(got.data[worst] - want.data[worst]);
  if (got.data.length === 0 || difference <= allowed || got.data[worst] === want.data[worst]) return;
  throw new Error(
    `expectClose(actual): expected ${want.data[worst]} at [${indexOf(worst, shape)}], got ${got.data[worst]}: ` +
      `off by ${difference.toExponential(2)}, allowed ${allowed.toExponential(2)} of a largest |expected| of ${scale.toPrecision(4)}.`,
  );
}

type Flat = { data: number[]; shape?: readonly number[] };

function numbersOf(value: Numbers): Flat {
  if (typeof value === "number") return { data: [value] };
  if (value instanceof tf.Tensor) return { data: Array.from(value.dataSync()), shape: value.shape };
  if ("data" in value) return { data: Array.from(value.data), shape: value.shape };
  return { data: Array.from(value) };
}

function sameShape(a: Flat, b: Flat): boolean {
  if (a.data.length !== b.data.length) return false;
  // numpy files keep one number as shape [1], a scalar tensor is [].
  if (a.data.length === 1 || a.shape === undefined || b.shape === undefined) return true;
  return String(a.shape) === String(b.shape);
}

/** The element with the largest difference; one that is not a number is worse than any other. */
function worstIndex(a: readonly number[], b: readonly number[]): number {
  let worst = 0;
  let largest = -1;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] === b[i] ? 0 : Math.abs(a[i] - b[i]);
    if (Number.isNaN(difference)) return i;
    if (difference > largest) [worst, largest] = [i, difference];
  }
  return worst;
}

function indexOf(flat: number, shape: readonly number[]): string {
  const index: number[] = [];
  let rest = flat;
  for (const length of shape.toReversed()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return index.join(", ");
}
