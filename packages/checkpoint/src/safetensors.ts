import { type ByteSource, damaged, openBytes } from "./byte-source.ts";
import { bytesPerElement, decodeElements, encodeElements } from "./elements.ts";
import { dataOf, type Entry, type FileSource, type FileTarget, type LazyEntry, type WeightFile } from "./entry.ts";
import { requireSound } from "./sound-entry.ts";
import { formatHeader, parseHeader, type Placement, type SafetensorsHeader } from "./safetensors-header.ts";
import { writeChunks } from "./write-chunks.ts";

/** The reference implementation's own limit on the header. */
const maxHeaderBytes = 100_000_000;

/**
 * Opens a `.safetensors` file: its names, types and shapes; values are read entry by entry.
 *
 * Every length in the file is checked against the file's size before anything is allocated: the header, each
 * entry's range, shape x type = bytes, no overlap, no hole.
 *
 * @param file path (Node), bytes or Blob; a path is opened for each read, so there is nothing to close
 * @throws where the file is cut, damaged or of another format, saying which claim failed
 * Source: github.com/huggingface/safetensors, "Format".
 */
export async function readSafetensors(file: FileSource): Promise<WeightFile> {
  const source = await openBytes(file, "readSafetensors");
  const { header, payloadStart } = await readHeader(source, "readSafetensors");
  const entries: Record<string, LazyEntry> = Object.create(null);
  for (const [name, { dtype, shape, begin, end }] of header.placements) {
    const read = async () => decodeElements(await source.read(payloadStart + begin, end - begin), dtype);
    entries[name] = { dtype, shape, read };
  }
  return { entries, metadata: header.metadata };
}

/**
 * Writes entries as `.safetensors`, one at a time: no more than one entry's values are held.
 *
 * Entries are laid out by falling element size, then in the order given, so that each is aligned. A path is
 * written beside and renamed when complete, so that a reader never sees half a file.
 *
 * @param metadata text notes kept in the header
 * @throws where an entry's data do not have the type or the number of elements that it claims
 */
export async function writeSafetensors(
  target: FileTarget,
  entries: Record<string, Entry | LazyEntry>,
  metadata: Record<string, string> = {},
): Promise<void> {
  await writeTo(target, entries, metadata, "writeSafetensors");
}

/** The same for other public writers, which errors then name. */
export async function writeTo(
  target: FileTarget,
  entries: Record<string, Entry | LazyEntry>,
  metadata: Record<string, string>,
  writer: string,
): Promise<void> {
  const header = layOut(entries, metadata, writer);
  await writeChunks(target, chunksOf(header, entries, writer), writer);
}

/** Reads the length field and the header. */
export async function readHeader(
  source: ByteSource,
  reader: string,
): Promise<{ header: SafetensorsHeader; payloadStart: number }> {
  const refuse = (expected: string, got: string) => damaged(reader, source.name, expected, got);
  if (source.size < 8) throw refuse("at least 8 bytes", `${source.size}`);
  const start = await source.read(0, 8);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  const room = Math.min(source.size - 8, maxHeaderBytes);
  if (length > room) throw refuse(`a header of at most ${room} bytes`, `a header length of ${length}`);
  const bytes = await source.read(8, length);
  const payloadStart = 8 + length;
  return { header: parseHeader(bytes, source.size - payloadStart, refuse), payloadStart };
}

/** Gives each entry its place. */
export function layOut(
  entries: Record<string, Entry | LazyEntry>,
  metadata: Record<string, string>,
  writer: string,
): SafetensorsHeader {
  const placements = new Map<string, Placement>();
  const ordered = Object.entries(entries).sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  let begin = 0;
  for (const [name, entry] of ordered) {
    if (name === "__metadata__") {
      throw new Error(`${writer}(entries): expected entry names, got "__metadata__". Pass notes as metadata.`);
    }
    const bytes = requireSound(entry, name, writer);
    placements.set(name, { dtype: entry.dtype, shape: entry.shape, begin, end: begin + bytes });
    begin += bytes;
  }
  return { placements, metadata };
}

/** The bytes of the file: the header, then each entry as it is read. */
export async function* chunksOf(
  header: SafetensorsHeader,
  entries: Record<string, Entry | LazyEntry>,
  writer: string,
): AsyncGenerator<Uint8Array> {
  yield formatHeader(header);
  for (const name of header.placements.keys()) {
    const { dtype, shape } = entries[name];
    const data = await dataOf(entries[name]);
    requireSound({ dtype, shape, data }, name, writer);
    yield encodeElements(data, dtype);
  }
}
