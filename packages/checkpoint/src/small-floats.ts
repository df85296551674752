/** A float of at most 16 bits. `infinities`: whether the largest exponent is kept for infinity and NaN. */
type SmallFloat = { exponentBits: number; mantissaBits: number; infinities: boolean };

export type SmallFloatName = "float8_e4m3" | "float8_e5m2" | "float16" | "bfloat16";

/** The small floats of weight files; bfloat16 is the upper half of a float32, float8_e4m3 gives infinity up for range. */
export const smallFloats: Record<SmallFloatName, SmallFloat> = {
  float8_e4m3: { exponentBits: 4, mantissaBits: 3, infinities: false },
  float8_e5m2: { exponentBits: 5, mantissaBits: 2, infinities: true },
  float16: { exponentBits: 5, mantissaBits: 10, infinities: true },
  bfloat16: { exponentBits: 8, mantissaBits: 7, infinities: true },
};

const tables = new Map<SmallFloatName, Uint32Array>();

/** The float32 of each code; exact, NaN payloads included. */
export function widenFloats(codes: Uint8Array | Uint16Array, name: SmallFloatName): Float32Array {
  const table = tables.get(name) ?? wideningTable(smallFloats[name]);
  tables.set(name, table);
  const bits = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) bits[i] = table[codes[i]];
  return new Float32Array(bits.buffer);
}

/** The nearest code of each float32, ties to even; beyond the largest value comes infinity, or NaN where there is none. */
export function narrowFloats(values: Float32Array, name: SmallFloatName): Uint8Array | Uint16Array {
  const format = smallFloats[name];
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const codes = widthOf(format) === 8 ? new Uint8Array(bits.length) : new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) codes[i] = narrow(bits[i], format);
  return codes;
}

const widthOf = ({ exponentBits, mantissaBits }: SmallFloat): number => 1 + exponentBits + mantissaBits;
const biasOf = ({ exponentBits }: SmallFloat): number => 2 ** (exponentBits - 1) - 1;

function wideningTable(format: SmallFloat): Uint32Array {
  const table = new Uint32Array(2 ** widthOf(format));
  for (let code = 0; code < table.length; code++) table[code] = widen(code, format);
  return table;
}

/** float32 bits of a code. */
function widen(code: number, format: SmallFloat): number {
  const { exponentBits, mantissaBits, infinities } = format;
  const sign = ((code >>> (exponentBits + mantissaBits)) << 31) >>> 0;
  const magnitude = code & (2 ** (exponentBits + mantissaBits) - 1);
  const exponent = magnitude >>> mantissaBits;
  const mantissa = magnitude & (2 ** mantissaBits - 1);
  const special = exponent === 2 ** exponentBits - 1 && (infinities || mantissa === 2 ** mantissaBits - 1);
  if (special) return (sign | 0x7f800000 | (mantissa << (23 - mantissaBits))) >>> 0;
  const value =
    exponent === 0
      ? mantissa * 2 ** (1 - biasOf(format) - mantissaBits)
      : (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - biasOf(format));
  return (sign | bitsOf(value)) >>> 0;
}

/** Code of float32 bits. */
function narrow(bits: number, format: SmallFloat): number {
  const { exponentBits, mantissaBits, infinities } = format;
  const shift = 23 - mantissaBits;
  const sign = (bits >>> 31) << (exponentBits + mantissaBits);
  const magnitude = bits & 0x7fffffff;
  const largestMantissa = 2 ** mantissaBits - 1;
  const specials = (2 ** exponentBits - 1) << mantissaBits;
  const nan = specials | largestMantissa;
  if (magnitude > 0x7f800000) {
    // The payload's upper bits survive; a payload that loses all of them must not turn into infinity.
    const payload = (magnitude & 0x7fffff) >>> shift;
    return sign | (infinities && payload > 0 ? specials | payload : nan);
  }
  const overflow = infinities ? specials : nan;
  if (magnitude === 0x7f800000) return sign | overflow;
  const smallestNormal = (128 - biasOf(format)) << 23;
  if (magnitude < smallestNormal) {
    return sign | roundToEven(valueOf(magnitude) * 2 ** (biasOf(format) - 1 + mantissaBits));
  }
  const rebased = magnitude - ((127 - biasOf(format)) << 23);
  return sign | Math.min(roundToEven(rebased / 2 ** shift), overflow);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function bitsOf(value: number): number {
  scratch[0] = value;
  return scratchBits[0];
}

function valueOf(bits: number): number {
  scratchBits[0] = bits;
  return scratch[0];
}
