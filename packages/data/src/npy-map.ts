import { readFile } from "node:fs/promises";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { refuse } from "./map-pictures.ts";

/** Numbers as numpy stored them, in C order. */
export type NpyArray = { shape: readonly number[]; values: Float32Array };

/**
 * A float array from a `.npy` file, or from the only array of an `.npz` file.
 *
 * @throws with the file, and the entry of an archive, where it is damaged, holds several arrays or other than floats
 */
export async function npyMap(file: string): Promise<NpyArray> {
  if (!file.endsWith(".npz")) return parse(await readFile(file), file);
  const zip = new ZipReader(new Uint8ArrayReader(await readFile(file)), { useWebWorkers: false });
  try {
    const entries = await zip.getEntries();
    const names = entries.map(({ filename }) => filename).join(", ");
    const [entry] = entries;
    if (entries.length !== 1 || entry.directory) throw refuse(file, "an archive of one array", names || "none", "Save one map per file");
    return parse(await entry.getData(new Uint8ArrayWriter(), { checkCrc32: true, useWebWorkers: false }), `${file}: ${entry.filename}`);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("readMap(")) throw error;
    throw refuse(file, "a sound archive", error instanceof Error ? error.message : String(error), "Remove or replace the file");
  } finally {
    await zip.close();
  }
}

/** Floats of a type from bytes that hold nothing else; little-endian, as every machine that runs Node is. */
const types: Partial<Record<string, { bytes: number; read: (values: ArrayBuffer) => Float32Array }>> = {
  "<f2": { bytes: 2, read: (values) => Float32Array.from(new Uint16Array(values), half) },
  "<f4": { bytes: 4, read: (values) => new Float32Array(values) },
  "<f8": { bytes: 8, read: (values) => Float32Array.from(new Float64Array(values)) },
};

function parse(bytes: Uint8Array, where: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isNpy = bytes.length >= 12 && String.fromCodePoint(...bytes.subarray(0, 6)) === "\u0093NUMPY";
  if (!isNpy) throw refuse(where, "an array that begins with \\x93NUMPY", `${bytes.length} other bytes`, "Save it with numpy.save");
  const start = bytes[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, start));
  const found = /'descr': '(.+?)'.*'fortran_order': False.*'shape': \(([\d, ]*)\)/.exec(header);
  const type = found && types[found[1]];
  if (!found || !type) throw refuse(where, "little-endian floats in C order (<f2, <f4, <f8)", header.trim(), "Convert the array before saving it");
  const shape = found[2].split(",").filter((part) => part.trim() !== "").map(Number);
  const count = shape.reduce((product, length) => product * length, 1);
  if (bytes.length - start !== count * type.bytes) {
    throw refuse(where, `${count * type.bytes} bytes for [${shape.join(", ")}]`, `${bytes.length - start}`, "The file is cut off: copy it again");
  }
  return { shape, values: type.read(Uint8Array.from(bytes.subarray(start)).buffer) };
}

/** The value of the bits of a 16-bit float. Source: IEEE 754, binary16. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
