import type { Refuse } from "./byte-source.ts";
import { bytesPerElement } from "./elements.ts";
import { countElements, type DType } from "./entry.ts";
import { deepest, isShallow } from "./nesting.ts";

/** Where an entry lies: byte range within the payload that follows the header. */
export type Placement = { dtype: DType; shape: readonly number[]; begin: number; end: number };
export type SafetensorsHeader = { placements: Map<string, Placement>; metadata: Record<string, string> };

const codes = {
  BOOL: "bool",
  U8: "uint8",
  I8: "int8",
  U16: "uint16",
  I16: "int16",
  U32: "uint32",
  I32: "int32",
  U64: "uint64",
  I64: "int64",
  F8_E4M3: "float8_e4m3",
  F8_E5M2: "float8_e5m2",
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
} as const satisfies Record<string, DType>;

const codeOf = Object.fromEntries(Object.entries(codes).map(([code, dtype]) => [dtype, code])) as Record<DType, string>;

/** Reads the JSON header of a file whose payload has `payloadBytes`; every entry must fill its own bytes of it. */
export function parseHeader(bytes: Uint8Array, payloadBytes: number, refuse: Refuse): SafetensorsHeader {
  const fields = parseJsonObject(bytes, refuse);
  const placements = new Map<string, Placement>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === "__metadata__") metadata = parseMetadata(value, refuse);
    else placements.set(name, parsePlacement(name, value, payloadBytes, refuse));
  }
  requireExactCover(placements, payloadBytes, refuse);
  return { placements, metadata };
}

/** The length field and the JSON header, padded with blanks to a multiple of 8 bytes. */
export function formatHeader({ placements, metadata }: SafetensorsHeader): Uint8Array {
  const fields: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  for (const [name, { dtype, shape, begin, end }] of placements) {
    fields.push([name, { dtype: codeOf[dtype], shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function parseJsonObject(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw refuse("a header of JSON text", `${(error as Error).name} while reading it`);
  }
  if (!isRecord(value)) throw refuse("a JSON object as header", Array.isArray(value) ? "an array" : String(value));
  if (!isShallow(value)) throw refuse(`a header nested at most ${deepest} deep`, "a deeper one");
  return value;
}

function parseMetadata(value: unknown, refuse: Refuse): Record<string, string> {
  if (!isRecord(value) || Object.values(value).some((note) => typeof note !== "string")) {
    throw refuse("__metadata__ to map names to strings", "other JSON");
  }
  return value as Record<string, string>;
}

function parsePlacement(name: string, value: unknown, payloadBytes: number, refuse: Refuse): Placement {
  const fields = isRecord(value) ? value : {};
  const { dtype: code, shape, data_offsets: offsets } = fields;
  const label = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
  if (typeof code !== "string" || !Object.hasOwn(codes, code)) {
    throw refuse(`${label} to be one of ${Object.keys(codes).join(", ")}`, describe(code));
  }
  const dtype = codes[code as keyof typeof codes];
  if (!isCountList(shape) || Number.isNaN(countElements(shape))) {
    throw refuse(`${label} to have a shape of whole numbers`, describe(shape));
  }
  if (!isCountList(offsets) || offsets.length !== 2 || offsets[0] > offsets[1] || offsets[1] > payloadBytes) {
    throw refuse(`${label} within ${payloadBytes} payload bytes`, `data_offsets ${describe(offsets)}`);
  }
  const [begin, end] = offsets;
  const bytes = countElements(shape) * bytesPerElement(dtype);
  if (end - begin !== bytes) {
    throw refuse(`${label} of ${code} ${describe(shape)} to take ${bytes} bytes`, `${end - begin} bytes`);
  }
  return { dtype, shape, begin, end };
}

/** Neither overlaps nor holes, as the format demands. */
function requireExactCover(placements: Map<string, Placement>, payloadBytes: number, refuse: Refuse): void {
  const ordered = [...placements].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const [name, { begin, end }] of ordered) {
    if (begin !== covered) {
      throw refuse(`${JSON.stringify(name)} to begin where the one before it ends, at ${covered}`, String(begin));
    }
    covered = end;
  }
  if (covered !== payloadBytes) throw refuse(`entries that fill ${payloadBytes} payload bytes`, `${covered} bytes`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCountList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
