import { crc32 } from "node:zlib";

const blockBytes = 32_768;
const headerBytes = 7;
const types = { whole: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * Returns the bytes that append a record to a file in LevelDB's log format.
 *
 * A record is cut where a block of 32 KiB ends; each part is {CRC-32 of type and data, length, type, data}.
 *
 * @param position how many bytes the file has already
 * Source: LevelDB's doc/log_format.md; W&B takes the plain CRC-32 in place of the masked CRC-32C.
 */
export function logRecord(record: Buffer, position: number): Buffer {
  const parts: Buffer[] = [];
  let [start, at] = [0, position];
  do {
    let left = blockBytes - (at % blockBytes);
    if (left < headerBytes) {
      parts.push(Buffer.alloc(left));
      at += left;
      left = blockBytes;
    }
    const end = Math.min(record.length, start + left - headerBytes);
    parts.push(framed(record.subarray(start, end), typeOf(start === 0, end === record.length)));
    at += headerBytes + end - start;
    start = end;
  } while (start < record.length);
  return Buffer.concat(parts);
}

function typeOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? types.whole : types.first;
  return isLast ? types.last : types.middle;
}

function framed(data: Buffer, type: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(type, 6);
  header.writeUInt16LE(data.length, 4);
  header.writeUInt32LE(crc32(data, crc32(header.subarray(6))), 0);
  return Buffer.concat([header, data]);
}
