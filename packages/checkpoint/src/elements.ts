import type { DType, EntryData } from "./entry.ts";
import { narrowFloats, type SmallFloatName, smallFloats, widenFloats } from "./small-floats.ts";

type ArrayKind<T extends EntryData> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
};

/** How each element type lies in a file. */
const stored = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float8_e4m3: Uint8Array,
  float8_e5m2: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<DType, ArrayKind<EntryData>>;

export const dtypes = Object.keys(stored) as DType[];

/** Bytes per element in a file. */
export function bytesPerElement(dtype: DType): number {
  return stored[dtype].BYTES_PER_ELEMENT;
}

/** The values in little-endian bytes; shares their memory where alignment and type allow. */
export function decodeElements(bytes: Uint8Array, dtype: DType): EntryData {
  const kind: ArrayKind<EntryData> = stored[dtype];
  const aligned = bytes.byteOffset % kind.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const values = new kind(aligned.buffer, aligned.byteOffset, aligned.byteLength / kind.BYTES_PER_ELEMENT);
  return isSmallFloat(dtype) ? widenFloats(values as Uint8Array | Uint16Array, dtype) : values;
}

/** The little-endian bytes of the values; shares their memory where the type allows. */
export function encodeElements(data: EntryData, dtype: DType): Uint8Array {
  const values = isSmallFloat(dtype) && data instanceof Float32Array ? narrowFloats(data, dtype) : data;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Name of the typed array that holds the values of a type in memory. */
export function arrayNameOf(dtype: DType): string {
  return isSmallFloat(dtype) ? "Float32Array" : stored[dtype].name;
}

function isSmallFloat(dtype: DType): dtype is SmallFloatName {
  return dtype in smallFloats;
}
