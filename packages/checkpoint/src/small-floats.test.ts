import { createHash } from "node:crypto";
import { readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { narrowFloats, type SmallFloatName, smallFloats, widenFloats } from "./small-floats.ts";

type Codes = Record<SmallFloatName, { wide: string; narrow: string }>;
const { codes } = await readFixture<{ codes: Codes }>("checkpoint/kinds.json");
const names = Object.keys(smallFloats) as SmallFloatName[];

const sha256 = (data: Uint8Array | Uint16Array | Uint32Array): string =>
  createHash("sha256").update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest("hex");

/** Every code of a format. */
function allCodes(name: SmallFloatName): Uint8Array | Uint16Array {
  const size = 2 ** (1 + smallFloats[name].exponentBits + smallFloats[name].mantissaBits);
  const codes = Array.from({ length: size }, (_, code) => code);
  return size === 256 ? Uint8Array.from(codes) : Uint16Array.from(codes);
}

describe.each(names)("%s", (name) => {
  it("comes back as the same code from every float32 it stands for, NaN payloads included", () => {
    const all = allCodes(name);
    expect(narrowFloats(widenFloats(all, name), name)).toEqual(all);
  });

  it("means what numpy and ml_dtypes say, for every code", () => {
    const wide = widenFloats(allCodes(name), name);
    const bits = new Uint32Array(wide.buffer).map((code, i) => (Number.isNaN(wide[i]) ? 0xffffffff : code));
    expect(sha256(bits)).toBe(codes[name].wide);
  });

  it("rounds 20,000 float32 bit patterns as numpy and ml_dtypes do", () => {
    const bits = Uint32Array.from({ length: 20_000 }, (_, i) => Number((BigInt(i) * 2654435761n) % 2n ** 32n));
    const narrow = narrowFloats(new Float32Array(bits.buffer), name);
    const back = widenFloats(narrow, name);
    expect(sha256(narrow.map((code, i) => (Number.isNaN(back[i]) ? 0xffff : code)))).toBe(codes[name].narrow);
  });
});

it("rounds halves to even and turns what is out of range into infinity, or NaN for float8_e4m3", () => {
  const values = Float32Array.from([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, -0]);
  expect(Array.from(widenFloats(narrowFloats(values, "float16"), "float16"))).toEqual([1, 1 + 2 ** -9, 65504, Infinity, 0, -0]);
  const large = Float32Array.from([464, 465, -Infinity]);
  expect(Array.from(widenFloats(narrowFloats(large, "float8_e4m3"), "float8_e4m3"))).toEqual([448, Number.NaN, Number.NaN]);
});
