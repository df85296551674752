import type { NpyArray } from "./npz.ts";

/** The arrays of a `.safetensors` file of float32: 8 bytes of header length, a JSON header, then the data. */
export function parseSafetensors(bytes: Uint8Array): Record<string, NpyArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<string, { shape: number[]; data_offsets: [number, number] }>;
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return Object.fromEntries(
    tensors.map(([name, { shape, data_offsets: [from, to] }]) => [
      name,
      { dtype: "float32", shape, data: new Float32Array(Uint8Array.from(bytes.subarray(start + from, start + to)).buffer) },
    ]),
  );
}
