import { crc32 } from "node:zlib";

/** A protobuf message by field number; each field as often as it stands there. */
export type ProtobufMessage = Record<number, (bigint | Buffer)[]>;

/** What a `.wandb` file holds. */
export type WandbFile = {
  /** The records in order, each with the number of its kind: 2 history, 3 summary, 6 files, 17 run, 18 exit, 21 header. */
  readonly records: readonly { kind: number; content: ProtobufMessage }[];
  /** The items of each history record, as JSON texts by name. */
  readonly history: readonly Record<string, string>[];
  /** The last value of each summary entry, as JSON text. */
  readonly summary: Record<string, string>;
};

/**
 * Reads the bytes of a `.wandb` file: LevelDB's log format with records of protobuf. Every checksum is compared.
 *
 * Source: LevelDB's doc/log_format.md; the field numbers are those of wandb_internal.proto in `wandb` 0.31.0.
 */
export function readWandbFile(bytes: Buffer): WandbFile {
  if (bytes.subarray(0, 7).toString("latin1") !== ":W&B\xE1\xBE\0") throw new Error("readWandbFile(bytes): expected a .wandb file, got another beginning.");
  const records = framedRecords(bytes).map((record) => {
    const fields = readProtobuf(record);
    const kind = Object.keys(fields).map(Number).find((number) => number > 1 && number !== 16 && number < 100)!;
    return { kind, content: readProtobuf(fields[kind]![0] as Buffer) };
  });
  const itemsOf = (kind: number) => records.filter((record) => record.kind === kind).map(({ content }) => namedValues(content[1] ?? []));
  return { records, history: itemsOf(2), summary: Object.assign({}, ...itemsOf(3)) as Record<string, string> };
}

/** The fields of a protobuf message; nested messages and texts are bytes. */
export function readProtobuf(bytes: Buffer): ProtobufMessage {
  const fields: ProtobufMessage = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const length = wire === 2 ? Number(varint()) : 0;
    const value = wire === 0 ? varint() : bytes.subarray(at, at + length);
    if (wire !== 0 && wire !== 2) throw new Error(`readProtobuf(bytes): expected wire types 0 and 2, got ${wire}.`);
    at += length;
    (fields[tag >> 3] ??= []).push(value);
  }
  return fields;
}

const blockBytes = 32_768;

function framedRecords(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let at = 7; at + 7 <= bytes.length; ) {
    const left = blockBytes - (at % blockBytes);
    if (left < 7) {
      at += left;
      continue;
    }
    const [sum, length, type] = [bytes.readUInt32LE(at), bytes.readUInt16LE(at + 4), bytes[at + 6]!];
    const checked = bytes.subarray(at + 6, at + 7 + length);
    if (crc32(checked) !== sum || checked.length !== length + 1) throw new Error(`readWandbFile(bytes): a block at ${at} is damaged.`);
    parts.push(checked.subarray(1));
    at += 7 + length;
    if (type !== 1 && type !== 4) continue; // the first part or a middle one
    records.push(Buffer.concat(parts));
    parts = [];
  }
  return records;
}

/** Items of a key (1) or a path of keys (2), and a JSON text (16). */
function namedValues(items: readonly (bigint | Buffer)[]): Record<string, string> {
  const pairs = items.map((item) => {
    const { 1: key = [], 2: path = [], 16: value = [] } = readProtobuf(item as Buffer);
    return [[...key, ...path].map(String).join("."), String(value[0])] as const;
  });
  return Object.fromEntries(pairs);
}
