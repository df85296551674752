import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixturePath, readFixture } from "@flexivit/testing";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type DType, type Entry, readNpz, type WeightFile, writeNpz } from "./index.ts";

const folder = await mkdtemp(join(tmpdir(), "npz-"));
const kinds = fixturePath("checkpoint/kinds.npz");
const { values } = await readFixture<{ values: Record<string, (number | string)[]> }>("checkpoint/kinds.json");
const numpyTypes = Object.keys(values).filter((name) => !name.startsWith("float8")) as DType[];

/** SHA-256 over names, shapes and bytes in the order of the names. */
async function digestOf({ entries }: WeightFile): Promise<string> {
  const hash = createHash("sha256");
  for (const name of Object.keys(entries).sort()) {
    const data = await entries[name].read();
    hash.update(`${name} [${entries[name].shape.join(", ")}] `);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

async function listOf(file: WeightFile, name: string): Promise<(number | string)[]> {
  const data: Iterable<number | bigint> = await file.entries[name].read();
  return Array.from(data, (value) => (typeof value === "bigint" ? String(value) : value));
}

describe("readNpz", () => {
  it.each(["kinds.npz", "kinds-deflated.npz"])("reads 13 types from numpy's %s: names, shapes, values", async (name) => {
    const file = await readNpz(fixturePath(`checkpoint/${name}`));
    for (const dtype of numpyTypes) {
      const { shape, dtype: found } = file.entries[dtype];
      expect({ found, shape, data: await listOf(file, dtype) }).toEqual({ found: dtype, shape: [2, 3, 5], data: values[dtype] });
    }
  });

  it("reads a scalar, a vector and an array without elements", async () => {
    const { entries } = await readNpz(kinds);
    expect([entries["scalar"].shape, ...(await entries["scalar"].read())]).toEqual([[], 2.5]);
    expect([entries["vector"].shape, ...(await entries["vector"].read())]).toEqual([[7], 0, 1, 2, 3, 4, 5, 6]);
    expect([entries["empty"].shape, ...(await entries["empty"].read())]).toEqual([[0, 3]]);
  });

  it("gives C order, whatever the order, byte order and format version in the file", async () => {
    const file = await readNpz(fixturePath("checkpoint/orders.npz"));
    for (const name of ["c", "fortran", "version2", "version3", "a/b/name with spaces and é"]) {
      expect({ name, shape: file.entries[name].shape, data: await listOf(file, name) }).toEqual({ name, shape: [2, 3], data: [0, 1, 2, 3, 4, 5] });
    }
    expect(await listOf(file, "fortran3")).toEqual(values["int16"]);
    expect(await listOf(file, "big-endian")).toEqual(values["float64"]);
  });

  // Digests over what numpy 2.4.6 read from the same files.
  const published: [string, number, string][] = [
    ["big-vision-flexi/gap-p32/params.npz", 39, "a36ff9d7becf1fdc60af59b0204ae55cc520987699032fdcb517ef33fd823622"],
    ["big-vision-flexi/gap-p8/params.npz", 39, "16654cc5abce01228fad0f9922cf126570ef56516d22dbc92b38a58297961fb8"],
    ["big-vision-flexi/map-p8/params.npz", 54, "b5755b5d1aaa61c6ccf58a918f73b20c00240fc000e37342cfd82ff3e1e272c2"],
    ["big-vision-flexi/tok-p8/params.npz", 40, "e3729d9ea2f150a34987b20696a801aea52bc3f5735ffae70cf4f61a43780749"],
    ["losses-optim.npz", 157, "402eada82f2460b4c39eae28750c7985f3ad82415bf68e942fb661feabe5b953"],
  ];
  it.each(published)("reads %s, %i arrays, byte for byte", async (name, count, digest) => {
    const file = await readNpz(fixturePath(name));
    expect(Object.keys(file.entries)).toHaveLength(count);
    expect(await digestOf(file)).toBe(digest);
  });

  it("reads the same from a path, bytes and a Blob", async () => {
    const bytes = await readFile(kinds);
    const digests = await Promise.all([kinds, bytes, new Blob([bytes])].map(async (source) => await digestOf(await readNpz(source))));
    expect(new Set(digests).size).toBe(1);
  });
});

describe("writeNpz", () => {
  it.each([false, true])("writes every type of numpy so that it reads back bit for bit (compress: %s)", async (compress) => {
    const path = join(folder, `copy-${compress}.npz`);
    const original = await readNpz(kinds);
    await writeNpz(path, original.entries, { compress });
    expect(await digestOf(await readNpz(path))).toBe(await digestOf(original));
  });

  it("writes headers as numpy does: each member of a copy equals numpy's own, and the same content gives the same file", async () => {
    const [first, second] = [join(folder, "first.npz"), join(folder, "second.npz")];
    const original = await readNpz(fixturePath("big-vision-flexi/gap-p8/params.npz"));
    await writeNpz(first, original.entries);
    await writeNpz(second, original.entries);
    const bytes = await readFile(first);
    expect(bytes.equals(await readFile(second))).toBe(true);
    const numpys = await readFile(fixturePath("big-vision-flexi/gap-p8/params.npz"));
    const header = (file: Buffer) => file.subarray(file.indexOf("\u0093NUMPY", 0, "latin1")).subarray(0, 128);
    expect(header(bytes).equals(header(numpys))).toBe(true);
  });

  it("keeps notes in the archive's comment, where numpy does not look, and takes other comments for none", async () => {
    const path = join(folder, "notes.npz");
    const { entries } = await readNpz(kinds);
    await writeNpz(path, { scalar: entries["scalar"] }, { metadata: { config: '{"heads": 3}', origin: "é" } });
    const bytes = await readFile(path);
    expect((await readNpz(bytes)).metadata).toEqual({ config: '{"heads": 3}', origin: "é" });
    const comment = JSON.stringify({ config: '{"heads": 3}', origin: "é" });
    expect(bytes.subarray(bytes.length - Buffer.byteLength(comment)).toString()).toBe(comment);
    for (const other of ['{"a": 1}', "made by hand", "[1]", "null"]) {
      const end = Buffer.from(other);
      const changed = Buffer.concat([bytes.subarray(0, bytes.length - Buffer.byteLength(comment)), end]);
      changed.writeUInt16LE(end.length, changed.length - end.length - 2);
      expect((await readNpz(changed)).metadata).toEqual({});
    }
    await expect(writeNpz(path, {}, { metadata: { long: "x".repeat(65_535) } })).rejects.toThrow(
      new Error("writeNpz(metadata): expected at most 65535 bytes of notes in .npz, got 65546. Shorten them or write .safetensors."),
    );
  });

  it("refuses a type that numpy lacks and leaves no file", async () => {
    const entry: Entry = { dtype: "float8_e4m3", shape: [2], data: Float32Array.from([1, 2]) };
    await expect(writeNpz(join(folder, "none.npz"), { x: entry })).rejects.toThrow(
      new Error(
        'writeNpz(entries["x"]): expected a type that numpy has, got float8_e4m3. Convert it to float32 or write .safetensors.',
      ),
    );
    await expect(readFile(join(folder, "none.npz"))).rejects.toThrow("ENOENT");
  });
});

describe("readNpz refuses, with the file's name and what to do,", () => {
  const remedy = "The file is cut, damaged or of another format: fetch or write it again.";

  it.each([
    ["complex.npz", `readNpz(file): expected "z.npy" to hold one of the types b1, u1, i1, u2, i2, u4, i4, u8, i8, f2, f4, f8, V2, got <c8`],
    ["structured.npz", `readNpz(file): expected "pairs.npy" to hold a header with descr of one type, fortran_order and shape, got "{'descr': [('x', '<f4'), ('y', '<i4')], 'fortran_order': False, 'shape': (3,), }"`],
  ])("%s", async (name, problem) => {
    const path = fixturePath(`checkpoint/${name}`);
    await expect(readNpz(path)).rejects.toThrow(new Error(`${problem} in ${path}. ${remedy}`));
  });

  it("what is no zip archive", async () => {
    await expect(readNpz(new Uint8Array(100))).rejects.toThrow(
      new Error(`readNpz(file): expected a zip archive of .npy arrays, got End of central directory not found in 100 bytes in memory. ${remedy}`),
    );
  });

  it("a changed byte in the values, by the archive's own checksum", async () => {
    const bytes = await readFile(kinds);
    const at = bytes.indexOf("\u0093NUMPY", 0, "latin1") + 130;
    bytes[at] ^= 1;
    const { entries } = await readNpz(bytes);
    const first = Object.keys(entries)[0];
    await expect(entries[first].read()).rejects.toThrow(
      new Error(`readNpz(file): expected "${first}.npy" to hold intact data, got Invalid CRC32 in ${bytes.length} bytes in memory. ${remedy}`),
    );
  });
});
