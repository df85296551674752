import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixturePath, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { dtypes } from "./elements.ts";
import { type Entry, type FileSource, readSafetensors, type WeightFile, writeSafetensors } from "./index.ts";

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

const folder = await mkdtemp(join(tmpdir(), "safetensors-"));
const kinds = fixturePath("checkpoint/kinds.safetensors");

/** A file from header text and payload, as an attacker would write it. */
function handmade(header: unknown, payloadBytes: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + payloadBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

async function inMemory(entries: Record<string, Entry>, metadata?: Record<string, string>): Promise<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const bytes = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).bytes();
  await writeSafetensors(writable, entries, metadata);
  return await bytes;
}

describe("readSafetensors", () => {
  it("reads 16 types as the reference library wrote them: names, shapes, values, notes", async () => {
    const { values } = await readFixture<{ values: Record<string, (number | string)[]> }>("checkpoint/kinds.json");
    const { entries, metadata } = await readSafetensors(kinds);
    expect(metadata).toEqual({ "made-by": "numpy" });
    expect(Object.keys(entries).sort()).toEqual([...dtypes, "scalar"].sort());
    for (const dtype of dtypes) {
      const read: Iterable<number | bigint> = await entries[dtype].read();
      const data = Array.from(read, (value) => (typeof value === "bigint" ? String(value) : value));
      expect({ dtype, data }).toEqual({ dtype: entries[dtype].dtype, data: values[dtype] });
    }
    expect([entries["scalar"].shape, ...(await entries["scalar"].read())]).toEqual([[], 2.5]);
  });

  // Digests over what Python's safetensors 0.8.0 read from the same files.
  const published: [string, number, string][] = [
    ["avg-fcnorm", 31, "56b16e129139caaaf9d3423b3db9fb3b0854d3e381c239ef82678b20bd49cd5f"],
    ["cls-noembed", 32, "db8076c044ceb083a617e4b733c4f31c46e22fbd1023359eff389cbe19ed7362"],
    ["deit", 32, "12ecc3c008300f2646521f71f4bd1b35224b3d49f08b2757ae37a899e61ee798"],
    ["dinov2-reg4-swiglu", 37, "f85c3a01d4cf26508f5ed2c2a91d027f64ceec1ff0647f98951e1e1c60d8adc9"],
    ["map", 44, "15551b15d5a3e6b363bbbadb00a58e825ba55f23648d342dc123a3d34ee51ac6"],
  ];
  it.each(published)("reads timm's %s, %i tensors, byte for byte", async (name, count, digest) => {
    const file = await readSafetensors(fixturePath(`timm/${name}/model.safetensors`));
    expect(Object.keys(file.entries)).toHaveLength(count);
    expect(await digestOf(file)).toBe(digest);
  });

  it("reads the same from a path, bytes and a Blob", async () => {
    const bytes = await readFile(kinds);
    const sources: FileSource[] = [kinds, bytes, new Uint8Array(bytes), new Blob([bytes])];
    const digests = await Promise.all(sources.map(async (source) => await digestOf(await readSafetensors(source))));
    expect(new Set(digests).size).toBe(1);
  });

  it("keeps entries called __proto__ and 0 apart from its own objects", async () => {
    const header = { ["__proto__"]: { dtype: "U8", shape: [1], data_offsets: [0, 1] }, 0: { dtype: "U8", shape: [1], data_offsets: [1, 2] } };
    const { entries } = await readSafetensors(handmade(header, 2));
    expect(Object.keys(entries).sort()).toEqual(["0", "__proto__"]);
  });
});

describe("writeSafetensors", () => {
  it("writes every type so that it reads back bit for bit, from a lazy file without copying it into memory first", async () => {
    const path = join(folder, "copy.safetensors");
    const original = await readSafetensors(kinds);
    await writeSafetensors(path, original.entries, { hello: "world" });
    const copy = await readSafetensors(path);
    expect(copy.metadata).toEqual({ hello: "world" });
    expect(await digestOf(copy)).toBe(await digestOf(original));
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("keeps -0, the smallest subnormal, infinities and two different NaNs", async () => {
    const bits = Uint32Array.from([0x80000000, 1, 0x7f800000, 0xff800000, 0x7fc00001, 0xffa00000]);
    const bytes = await inMemory({ x: { dtype: "float32", shape: [2, 3], data: new Float32Array(bits.buffer) } });
    const data = (await (await readSafetensors(bytes)).entries["x"].read()) as Float32Array;
    expect(new Uint32Array(data.buffer, data.byteOffset, data.length)).toEqual(bits);
  });

  it("aligns every entry to its element size, whatever the order given", async () => {
    const flags = { dtype: "bool", shape: [3], data: Uint8Array.from([1, 0, 1]) } as const;
    const wide = { dtype: "float64", shape: [1], data: Float64Array.from([Math.PI]) } as const;
    const bytes = await inMemory({ flags, wide });
    const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))).toContain('"wide":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}');
  });

  const broken: [string, unknown, string][] = [
    [
      "too few elements",
      { dtype: "float32", shape: [2, 3], data: new Float32Array(5) },
      'writeSafetensors(entries["x"]): expected 6 elements of float32 [2, 3] in a Float32Array, got 5 in a Float32Array. ' +
        "Convert the data or correct dtype and shape.",
    ],
    [
      "another array type",
      { dtype: "int32", shape: [2], data: new Float32Array(2) },
      'writeSafetensors(entries["x"]): expected 2 elements of int32 [2] in a Int32Array, got 2 in a Float32Array. ' +
        "Convert the data or correct dtype and shape.",
    ],
    [
      "a shape that counts nothing",
      { dtype: "int32", shape: [2, -1], data: new Int32Array(2) },
      'writeSafetensors(entries["x"]): expected a shape of whole numbers, got [2, -1]. Correct the shape.',
    ],
  ];
  it.each(broken)("refuses %s and leaves the old file", async (_name, entry, message) => {
    const path = join(folder, "kept.safetensors");
    await writeFile(path, "old");
    await expect(writeSafetensors(path, { x: entry as Entry })).rejects.toThrow(new Error(message));
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("leaves the old file and no half one where an entry cannot be read", async () => {
    const path = join(folder, "kept.safetensors");
    await writeFile(path, "old");
    const failing = { dtype: "uint8", shape: [3], read: () => Promise.reject(new Error("no such data")) } as const;
    await expect(writeSafetensors(path, { failing })).rejects.toThrow("no such data");
    expect(await readFile(path, "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });
});

describe("readSafetensors refuses, with the file's name and what to do,", () => {
  const u8 = (begin: number, end: number, length = end - begin) => ({ dtype: "U8", shape: [length], data_offsets: [begin, end] });
  const remedy = (size: number) => ` in ${size} bytes in memory. The file is cut, damaged or of another format: fetch or write it again.`;
  const cases: [string, Uint8Array, string][] = [
    ["an empty file", new Uint8Array(0), "expected at least 8 bytes, got 0"],
    ["a header longer than the file", Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 127, 0]), "expected a header of at most 1 bytes, got a header length of 9223372036854776000"],
    ["text that is not JSON", handmade("{hello", 3), "expected a header of JSON text, got SyntaxError while reading it"],
    ["a header that is a list", handmade([], 0), "expected a JSON object as header, got an array"],
    ["an unknown type", handmade({ x: { ...u8(0, 1), dtype: "F4" } }, 1), 'expected "x" to be one of BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F8_E4M3, F8_E5M2, F16, BF16, F32, F64, got "F4"'],
    ["a negative length", handmade({ x: { ...u8(0, 1), shape: [-1] } }, 1), 'expected "x" to have a shape of whole numbers, got [-1]'],
    ["a shape beyond counting", handmade({ x: { ...u8(0, 1), shape: [2 ** 40, 2 ** 40] } }, 1), 'expected "x" to have a shape of whole numbers, got [1099511627776,1099511627776]'],
    ["a range outside the payload", handmade({ x: u8(0, 9) }, 5), 'expected "x" within 5 payload bytes, got data_offsets [0,9]'],
    ["a range that ends before it begins", handmade({ x: u8(3, 1, 0) }, 5), 'expected "x" within 5 payload bytes, got data_offsets [3,1]'],
    ["shape x type that is not the range", handmade({ x: u8(0, 5, 7) }, 5), 'expected "x" of U8 [7] to take 7 bytes, got 5 bytes'],
    ["entries that overlap", handmade({ x: u8(0, 3), y: u8(2, 5) }, 5), 'expected "y" to begin where the one before it ends, at 3, got 2'],
    ["a hole between entries", handmade({ x: u8(0, 2), y: u8(3, 5) }, 5), 'expected "y" to begin where the one before it ends, at 2, got 3'],
    ["bytes that belong to no entry", handmade({ x: u8(0, 3) }, 5), "expected entries that fill 5 payload bytes, got 3 bytes"],
    ["notes that are not text", handmade({ __metadata__: { a: 1 } }, 0), "expected __metadata__ to map names to strings, got other JSON"],
  ];
  it.each(cases)("%s", async (_name, bytes, problem) => {
    await expect(readSafetensors(bytes)).rejects.toThrow(new Error(`readSafetensors(file): ${problem}${remedy(bytes.length)}`));
  });

  it("what is no file", async () => {
    const missing = join(folder, "missing.safetensors");
    await expect(readSafetensors(missing)).rejects.toThrow(
      new Error(`readSafetensors(file): expected a readable file, got ENOENT for ${missing}. Check the path.`),
    );
    await expect(readSafetensors(folder)).rejects.toThrow(
      new Error(`readSafetensors(file): expected a file, got a folder or device at ${folder}. Check the path.`),
    );
    await expect(readSafetensors(7 as never)).rejects.toThrow(
      new Error(
        "readSafetensors(file): expected a path, a Uint8Array or a Blob, got number. Wrap an ArrayBuffer as new Uint8Array(buffer).",
      ),
    );
  });

  it("a file that changed between opening and reading", async () => {
    const path = join(folder, "changing.safetensors");
    await writeFile(path, handmade({ x: u8(0, 3) }, 3));
    const { entries } = await readSafetensors(path);
    await writeFile(path, handmade({ xy: u8(0, 4) }, 4));
    await expect(entries["x"].read()).rejects.toThrow(
      new Error(`readSafetensors(file): expected a file at rest, got one that changed: ${path}. Open it again.`),
    );
  });
});
