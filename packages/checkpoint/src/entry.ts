/** The element types that weight files hold, under one name for every format. */
export type DType =
  | "bool"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float8_e4m3"
  | "float8_e5m2"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

/**
 * The values of an entry in row-major order. The floats of 8 and 16 bits come as the float32 of the same value,
 * bool as bytes 0 and 1, the 64-bit integers as bigints; every other type comes as its own typed array.
 */
export type EntryData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** One array of a weight file. */
export type Entry = { dtype: DType; shape: readonly number[]; data: EntryData };

/** One array of a weight file whose values are fetched by `read`, once per call. */
export type LazyEntry = { dtype: DType; shape: readonly number[]; read: () => Promise<EntryData> };

/** What a reader returns: named arrays, not yet read, and the file's own text notes. */
export type WeightFile = { entries: Record<string, LazyEntry>; metadata: Record<string, string> };

/** A file to read: a path (Node only), bytes in memory, or a browser's Blob. */
export type FileSource = string | Uint8Array | Blob;

/** Where a file goes: a path (Node only; replaced in one step when complete), or a stream. */
export type FileTarget = string | WritableStream<Uint8Array>;

/** Number of elements of a shape; NaN where the shape is not a list of counts or too large to count exactly. */
export function countElements(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) return Number.NaN;
    count *= length;
  }
  return Number.isSafeInteger(count) ? count : Number.NaN;
}

/** The values of an entry, wherever they are. */
export async function dataOf(entry: Entry | LazyEntry): Promise<EntryData> {
  return "data" in entry ? entry.data : await entry.read();
}
