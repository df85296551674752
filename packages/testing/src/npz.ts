import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";

/** An array as numpy stored it; values in C order. */
export type NpyArray = {
  shape: readonly number[];
  dtype: "float32" | "int32" | "uint8";
  data: Float32Array | Int32Array | Uint8Array;
};

/** The arrays of an `.npz` file by their names, stored or deflated. */
export async function parseNpz(bytes: Uint8Array): Promise<Record<string, NpyArray>> {
  configure({ useWebWorkers: false });
  const zip = new ZipReader(new Uint8ArrayReader(new Uint8Array(bytes)));
  const arrays: Record<string, NpyArray> = {};
  for (const entry of await zip.getEntries()) {
    if (entry.directory) continue;
    arrays[entry.filename.replace(/\.npy$/, "")] = parseNpy(await entry.getData(new Uint8ArrayWriter()));
  }
  await zip.close();
  return arrays;
}

/** The array of an `.npy` file of version 1.0, in C order, of the dtypes that the fixtures use. */
function parseNpy(bytes: Uint8Array): NpyArray {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, 10 + headerLength));
  const found = /'descr': '(.+?)'.*'fortran_order': False.*'shape': \((.*?)\)/.exec(header);
  if (found === null) {
    throw new Error(`parseNpz(bytes): expected a C-order .npy header, got ${header}. Save it with numpy.save.`);
  }
  const [, descr, dimensions] = found;
  const shape = dimensions.split(",").filter((part) => part.trim() !== "").map(Number);
  // A copy, so that the values start at an aligned address.
  const values = bytes.slice(10 + headerLength).buffer;
  if (descr === "<f4") return { shape, dtype: "float32", data: new Float32Array(values) };
  if (descr === "<i4") return { shape, dtype: "int32", data: new Int32Array(values) };
  if (descr === "|u1") return { shape, dtype: "uint8", data: new Uint8Array(values) };
  throw new Error(`parseNpz(bytes): expected dtype <f4, <i4 or |u1, got ${descr}. Convert the array before saving it.`);
}
