import { bytesPerElement } from "./elements.ts";
import type { DType, EntryData } from "./entry.ts";

/** The same elements with the bytes of each reversed: big-endian to little-endian. */
export function swapBytes(bytes: Uint8Array, dtype: DType): Uint8Array {
  const width = bytesPerElement(dtype);
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i - (i % width) + (width - 1 - (i % width))];
  return swapped;
}

/** The same array with its last axis running fastest, from one whose first axis runs fastest. */
export function toRowMajor(data: EntryData, shape: readonly number[]): EntryData {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, 1));
  const ordered = data.slice();
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    ordered[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return ordered;
}
