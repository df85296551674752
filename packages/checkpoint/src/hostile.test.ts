import { readFile } from "node:fs/promises";
import { crc32, deflateRawSync } from "node:zlib";
import { fixturePath } from "@flexivit/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNpz, readSafetensors } from "./index.ts";

const readers = { readNpz, readSafetensors };
const files = [
  ["readSafetensors", "checkpoint/kinds.safetensors", 5000],
  ["readNpz", "checkpoint/kinds.npz", 1200],
  ["readNpz", "checkpoint/kinds-deflated.npz", 1200],
  ["readNpz", "checkpoint/orders.npz", 1200],
] as const;

/** A byte of a file becomes at most 4 in memory (an 8-bit float), or 1032 where it is deflated. */
const mostPerByte = { readSafetensors: 4, readNpz: 1032 };

/** Damaged files read so far, by all tests of this file. */
let damagedFiles = 0;

/** Reads everything; what comes of it, or the problem in our words; anything else is thrown on. */
async function checkOutcome(reader: keyof typeof readers, bytes: Uint8Array): Promise<"read" | "refused"> {
  damagedFiles++;
  try {
    const { entries } = await readers[reader](bytes);
    for (const { shape, read } of Object.values(entries)) {
      const data = await read();
      expect(data.length).toBe(shape.reduce((product, length) => product * length, 1));
      expect(data.byteLength).toBeLessThanOrEqual(mostPerByte[reader] * bytes.length);
    }
    return "read";
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(`${reader}(file): expected `)) return "refused";
    throw error;
  }
}

/** A change to a file: bytes set, a number of the headers made extreme, a part cut out, doubled or the end cut off. */
type Change = { kind: "set" | "number" | "cut" | "double" | "end"; at: number; length: number; value: bigint };

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("set", "number", "cut", "double", "end"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.integer({ min: 1, max: 40 }),
  value: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 1n)),
});

function apply(bytes: Uint8Array, { kind, at, length, value }: Change): Uint8Array {
  const start = Math.floor(at * bytes.length);
  const parts = [bytes.subarray(0, start), bytes.subarray(start, start + length), bytes.subarray(start + length)];
  if (kind === "cut") return Buffer.concat([parts[0], parts[2]]);
  if (kind === "double") return Buffer.concat([parts[0], parts[1], parts[1], parts[2]]);
  if (kind === "end") return bytes.slice(0, start);
  const changed = bytes.slice();
  const width = kind === "number" ? 8 : 1;
  for (let i = 0; i < width && start + i < changed.length; i++) changed[start + i] = Number((value >> BigInt(8 * i)) & 255n);
  return changed;
}

// No tensor is made here: one engine is enough.
describe.skipIf(process.env["FLEXIVIT_ENGINE"] === "native")("a damaged file is read or refused in our words, nothing else", () => {
  it.each(files)("%s: %s cut after every 13th byte", async (reader, name) => {
    const bytes = new Uint8Array(await readFile(fixturePath(name)));
    for (let length = 0; length < bytes.length; length += 13) {
      expect(await checkOutcome(reader, bytes.slice(0, length))).toBe("refused");
    }
  });

  it.each(files)("%s: %s with 1 to 4 random changes, %i times", async (reader, name, times) => {
    const bytes = new Uint8Array(await readFile(fixturePath(name)));
    const seen = { read: 0, refused: 0 };
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      seen[await checkOutcome(reader, changes.reduce(apply, bytes))]++;
    });
    await fc.assert(property, { numRuns: times, seed: 20_240_607 });
    // Most damage is noticed: only values of a .safetensors file have no checksum.
    expect(seen.refused).toBeGreaterThan(times / 2);
  });

  it.each(files)("%s: %s with one bit flipped in every 10th byte", async (reader, name) => {
    const bytes = new Uint8Array(await readFile(fixturePath(name)));
    for (let at = 0; at < bytes.length; at += 10) {
      const changed = bytes.slice();
      changed[at] ^= 1 << (at / 10) % 8;
      await checkOutcome(reader, changed);
    }
  });

  // Weights of a model: the header of the one, the directory at the end of the other.
  it.each([
    ["readSafetensors", "timm/map/model.safetensors", 0, 3000, 7],
    ["readNpz", "big-vision-flexi/gap-p8/params.npz", -3400, 3400, 17],
  ] as const)("%s: %s with one bit flipped in its table of contents", async (reader, name, from, length, step) => {
    const bytes = new Uint8Array(await readFile(fixturePath(name)));
    const start = from < 0 ? bytes.length + from : from;
    for (let at = 0; at < length; at += step) {
      const changed = bytes.slice();
      changed[start + at] ^= 1 << at % 8;
      await checkOutcome(reader, changed);
    }
  });

  it("which makes at least 10,000 damaged files", () => {
    expect(damagedFiles).toBeGreaterThan(10_000);
  });
});

/** A zip archive of one deflated member whose sizes are as claimed, not as they are. */
function archive(packed: Uint8Array, claimed: number): Buffer {
  const name = Buffer.from("x.npy");
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(packed.length, 4);
  sizes.writeUInt32LE(claimed, 8);
  const fields = Buffer.concat([Buffer.from([20, 0, 0, 0, 8, 0, 0, 0, 33, 0]), sizes, Buffer.from([name.length, 0, 0, 0])]);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), fields, name, packed]);
  const central = Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0000", "latin1"), fields, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe("a file cannot make the reader allocate what it does not hold", () => {
  it("4 GB claimed by 100 packed bytes are refused at once", async () => {
    const bytes = archive(new Uint8Array(100), 2 ** 32 - 2);
    await expect(readNpz(bytes)).rejects.toThrow(
      `readNpz(file): expected "x.npy" to unpack to at most 103200 bytes, got 4294967294 in ${bytes.length} bytes in memory.`,
    );
  });

  const npy = (length: number, data: Uint8Array) => {
    const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${length},), }`.padEnd(117);
    return Buffer.concat([Buffer.from(`\u0093NUMPY\u0001\u0000\u0076\u0000${text}\n`, "latin1"), data]);
  };
  const readX = async (bytes: Uint8Array) => await (await readNpz(bytes)).entries["x"].read();

  it("a member that unpacks to 20 MB but claims 200 bytes is cut off and refused", async () => {
    const bytes = archive(deflateRawSync(npy(72, Buffer.alloc(2e7))), 200);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readX(bytes)).rejects.toThrow('readNpz(file): expected "x.npy" to hold intact data, got ');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5e6);
  });

  it("a million elements claimed by a thousand packed ones take no million bytes", async () => {
    const noise = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 7919) >> 5);
    const bytes = archive(deflateRawSync(npy(1e6, noise)), 128 + 1e6);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readX(bytes)).rejects.toThrow('readNpz(file): expected "x.npy" to hold intact data, got ');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5e5);
  });

  it("a million zeros packed into a thousand bytes are read, since they are honest", async () => {
    const content = npy(1e6, Buffer.alloc(1e6));
    const bytes = archive(deflateRawSync(content), content.length);
    bytes.writeUInt32LE(crc32(content), 14);
    bytes.writeUInt32LE(crc32(content), bytes.indexOf("PK\u0001\u0002") + 16);
    const data = await readX(bytes);
    expect([data.length, data.every((value) => value === 0)]).toEqual([1e6, true]);
  });

  it("members that overlap cannot multiply the file", async () => {
    const one = new Uint8Array(await readFile(fixturePath("checkpoint/kinds-deflated.npz")));
    // Every central record claims a packed size as large as the file.
    const changed = Buffer.from(one);
    for (let at = changed.indexOf("PK\u0001\u0002"); at >= 0; at = changed.indexOf("PK\u0001\u0002", at + 1)) {
      changed.writeUInt32LE(one.length, at + 20);
    }
    await expect(readNpz(changed)).rejects.toThrow(/^readNpz\(file\): expected members of at most 3947 bytes, got 51311 bytes in/);
  });
});
