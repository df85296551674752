import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { describe, expect, test } from "vitest";
import { expectClose } from "./close.ts";
import { fixtureTensor, readFixture } from "./fixtures.ts";
import { parseNpz } from "./npz.ts";

/** An .npy file as numpy writes it: magic, version 1.0, header padded to 64 bytes, values. */
const npy = (header: string, values: Uint8Array): Uint8Array => {
  const text = `${header}${" ".repeat((128 - 10 - header.length - 1) % 64)}\n`;
  const bytes = new Uint8Array(10 + text.length + values.length);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, text.length & 255, text.length >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes.set(values, 10 + text.length);
  return bytes;
};
const zipOf = async (name: string, content: Uint8Array, level: number): Promise<Uint8Array> => {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, level });
  await zip.add(name, new Uint8ArrayReader(content));
  return zip.close();
};

describe("readFixture", () => {
  test("numpy's own file: the one-hot rows are 1 at their labels, and the mean is that of its rows", async () => {
    const arrays = await readFixture("losses-optim.npz");
    const { data, shape, dtype } = arrays["ce/onehot"];
    expect([shape, dtype, arrays["ce/labels"].dtype]).toEqual([[6, 7], "float32", "int32"]);
    for (const [row, label] of arrays["ce/labels"].data.entries()) expect(data[7 * row + label]).toBe(1);
    const rows = [...arrays["ce/torch_smoothing_0.1/per_example"].data];
    expectClose(rows.reduce((a, b) => a + b) / 6, arrays["ce/torch_smoothing_0.1/mean"], { relative: 1e-6 });
  });

  test("a JSON fixture is its value", async () => {
    const index = await readFixture<Record<string, unknown>>("losses-optim.json");
    expect(Object.keys(index).length).toBeGreaterThan(0);
  });

  test.for([0, 9])("an archive of compression level %i gives a [2, 3] array of bytes and its tensor", async (level) => {
    const file = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", Uint8Array.of(1, 2, 3, 250, 5, 6));
    const { image } = await parseNpz(await zipOf("image.npy", file, level));
    expect(image).toEqual({ shape: [2, 3], dtype: "uint8", data: Uint8Array.of(1, 2, 3, 250, 5, 6) });
    const tensor = fixtureTensor(image);
    expect([tensor.shape, tensor.dtype, [...tensor.dataSync()]]).toEqual([[2, 3], "int32", [1, 2, 3, 250, 5, 6]]);
    tensor.dispose();
  });

  test("other dtypes and Fortran order are refused", async () => {
    const read = async (header: string) => parseNpz(await zipOf("x.npy", npy(header, new Uint8Array(8)), 0));
    await expect(read("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }")).rejects.toThrow(
      new Error("parseNpz(bytes): expected dtype <f4, <i4 or |u1, got <f8. Convert the array before saving it."),
    );
    await expect(read("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }")).rejects.toThrow(
      /^parseNpz\(bytes\): expected a C-order .npy header, got \{'descr': '<f4', 'fortran_order': True/,
    );
  });
});
