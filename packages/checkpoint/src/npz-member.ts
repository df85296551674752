import type { FileEntry } from "@zip.js/zip.js";
import type { Refuse } from "./byte-source.ts";

/** Deflate turns a byte into at most 1032. */
const maxInflation = 1032;

/** The first `wanted` bytes of a member, or all of them with their checksum verified. */
export async function memberBytes(member: FileEntry, wanted: number): Promise<Uint8Array> {
  const whole = wanted >= member.uncompressedSize;
  const collected = new Collector(Math.min(wanted, member.uncompressedSize), member.compressedSize);
  const enough = new AbortController();
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      collected.add(chunk);
      if (!whole && collected.full) enough.abort();
    },
  });
  try {
    await member.getData(writable, { checkCrc32: whole, useWebWorkers: false, signal: enough.signal });
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  }
  return collected.bytes();
}

/** Refuses archives whose members claim more than the file can hold: overlaps and impossible compression. */
export function requireHonestMembers(members: FileEntry[], fileBytes: number, refuse: Refuse): void {
  const packed = members.reduce((sum, { compressedSize }) => sum + compressedSize, 0);
  if (packed > fileBytes) throw refuse(`members of at most ${fileBytes} bytes`, `${packed} bytes`);
  for (const { filename, compressionMethod, compressedSize, uncompressedSize, encrypted } of members) {
    const label = JSON.stringify(filename);
    if (encrypted) throw refuse(`${label} without encryption`, "an encrypted member");
    if (compressionMethod !== 0 && compressionMethod !== 8) {
      throw refuse(`${label} stored or deflated`, `compression method ${compressionMethod}`);
    }
    const most = compressionMethod === 0 ? compressedSize : compressedSize * maxInflation;
    if (uncompressedSize > most) throw refuse(`${label} to unpack to at most ${most} bytes`, `${uncompressedSize}`);
  }
}

/** Gathers chunks up to a claimed size; grows with what really arrives, since the claim may be a lie. */
class Collector {
  private readonly limit: number;
  private buffer: Uint8Array;
  private length = 0;

  constructor(limit: number, firstGuess: number) {
    this.limit = limit;
    this.buffer = new Uint8Array(Math.min(limit, firstGuess));
  }

  get full(): boolean {
    return this.length === this.limit;
  }

  add(chunk: Uint8Array): void {
    const taken = chunk.subarray(0, this.limit - this.length);
    if (this.length + taken.length > this.buffer.length) {
      const grown = new Uint8Array(Math.min(this.limit, 2 * (this.length + taken.length)));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    this.buffer.set(taken, this.length);
    this.length += taken.length;
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}
