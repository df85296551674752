import type { Refuse } from "./byte-source.ts";
import { bytesPerElement } from "./elements.ts";
import { countElements, type DType } from "./entry.ts";

/** What the header of a `.npy` array says. `dataOffset`: where the values begin. */
export type NpyHeader = {
  dtype: DType;
  shape: readonly number[];
  fortranOrder: boolean;
  bigEndian: boolean;
  dataOffset: number;
};

const codes: Partial<Record<string, DType>> = {
  b1: "bool",
  u1: "uint8",
  i1: "int8",
  u2: "uint16",
  i2: "int16",
  u4: "uint32",
  i4: "int32",
  u8: "uint64",
  i8: "int64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
  // numpy has no bfloat16: JAX arrays of it are stored as opaque elements of two bytes.
  V2: "bfloat16",
};

const codeOf = Object.fromEntries(Object.entries(codes).map(([code, dtype]) => [dtype, code])) as Record<DType, string>;

/** Bytes of the fields before the header text: magic, version, length. */
export const npyPrefixBytes = 12;

/** End of the header text, read from the first `npyPrefixBytes` of an array. */
export function npyHeaderEnd(prefix: Uint8Array, refuse: Refuse): number {
  const magic = String.fromCodePoint(...prefix.subarray(0, 6));
  if (prefix.length < npyPrefixBytes || magic !== "\u0093NUMPY") {
    throw refuse("an array that begins with \\x93NUMPY", JSON.stringify(magic));
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const major = prefix[6];
  if (major === 1) return 10 + view.getUint16(8, true);
  if (major === 2 || major === 3) return 12 + view.getUint32(8, true);
  throw refuse("format version 1, 2 or 3", String(major));
}

/** Reads the header text of an array of `totalBytes` bytes and checks that shape x type fills them. */
export function parseNpyHeader(bytes: Uint8Array, totalBytes: number, refuse: Refuse): NpyHeader {
  const textStart = bytes[6] === 1 ? 10 : 12;
  const text = new TextDecoder(bytes[6] === 3 ? "utf-8" : "latin1").decode(bytes.subarray(textStart));
  const shown = JSON.stringify(text.slice(0, 120).trim());
  const descr = /'descr'\s*:\s*'([<>|=])(\w+)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shapeText = /'shape'\s*:\s*\(([\d ,L]*)\)/.exec(text);
  if (!descr || !order || !shapeText) {
    throw refuse("a header with descr of one type, fortran_order and shape", shown);
  }
  const dtype = Object.hasOwn(codes, descr[2]) ? codes[descr[2]] : undefined;
  if (!dtype) throw refuse(`one of the types ${Object.keys(codes).join(", ")}`, descr[1] + descr[2]);
  const shape = shapeText[1].split(",").flatMap((length) => (length.trim() ? [Number.parseInt(length, 10)] : []));
  const dataBytes = countElements(shape) * bytesPerElement(dtype);
  if (dataBytes !== totalBytes - bytes.length) {
    throw refuse(`${dataBytes} bytes for ${descr[2]} [${shape.join(", ")}]`, `${totalBytes - bytes.length} bytes`);
  }
  const fortranOrder = order[1] === "True" && shape.length > 1;
  return { dtype, shape, fortranOrder, bigEndian: descr[1] === ">", dataOffset: bytes.length };
}

/** Header of version 1.0 in the layout of `numpy.save`, padded to a multiple of 64 bytes. */
export function formatNpyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const order = dtype === "bool" || bytesPerElement(dtype) === 1 ? "|" : "<";
  const shapeText = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${order}${codeOf[dtype]}', 'fortran_order': False, 'shape': ${shapeText}, }`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[total - 1] = 0x0a;
  return bytes;
}

/** Types that `.npz` files can hold. */
export function npyHolds(dtype: DType): boolean {
  return Object.hasOwn(codeOf, dtype);
}
