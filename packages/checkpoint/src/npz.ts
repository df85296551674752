import { BlobReader, type FileEntry, Reader, ZipReader, ZipWriter } from "@zip.js/zip.js";
import { type ByteSource, damaged, openBytes, type Refuse } from "./byte-source.ts";
import { decodeElements, encodeElements } from "./elements.ts";
import {
  dataOf,
  type Entry,
  type EntryData,
  type FileSource,
  type FileTarget,
  type LazyEntry,
  type WeightFile,
} from "./entry.ts";
import { memberBytes, requireHonestMembers } from "./npz-member.ts";
import { formatNpyHeader, npyHeaderEnd, npyHolds, npyPrefixBytes, parseNpyHeader } from "./npy-header.ts";
import { swapBytes, toRowMajor } from "./element-order.ts";
import { formatNotes, parseNotes } from "./npz-notes.ts";
import { requireSound } from "./sound-entry.ts";
import { writeChunks } from "./write-chunks.ts";

/** Workers would outlive a command-line run, and the archives are read one member at a time. */
const zipOptions = { useWebWorkers: false } as const;

/**
 * Opens a `.npz` file of numpy: its names, types and shapes; values are read array by array.
 *
 * Stored and deflated members, zip64, format versions 1 to 3, C and Fortran order, both byte orders. Opaque
 * two-byte elements are taken as bfloat16, as big_vision writes them. Members other than `.npy` are left out. Notes that
 * `writeNpz` put into the archive's comment, which numpy does not look at, come back as metadata.
 *
 * @param file path (Node), bytes or Blob; a path is opened for each read, so there is nothing to close
 * @throws where the file is cut, damaged or of another format, saying which claim failed
 * Source: numpy.lib.format; big_vision `utils.recover_dtype` for bfloat16.
 */
export async function readNpz(file: FileSource): Promise<WeightFile> {
  const source = await openBytes(file, "readNpz");
  const refuse = (expected: string, got: string) => damaged("readNpz", source.name, expected, got);
  const entries: Record<string, LazyEntry> = Object.create(null);
  const { members, comment } = await openArchive(source, refuse);
  for (const member of members) {
    const name = member.filename.slice(0, -".npy".length);
    if (name in entries) throw refuse("names that occur once", `${JSON.stringify(name)} twice`);
    entries[name] = await openMember(member, refuse);
  }
  return { entries, metadata: parseNotes(comment) };
}

/**
 * Writes entries as `.npz`, one at a time; numpy and big_vision read it.
 *
 * @param options `compress` deflates the members; without it they are stored, as `numpy.savez` does. `metadata`: text
 *   notes for the archive's comment, at most 65,535 bytes
 * @throws where an entry's data do not have the type or the number of elements that it claims, or have a type that
 * numpy lacks (the 8-bit floats)
 */
export async function writeNpz(
  target: FileTarget,
  entries: Record<string, Entry | LazyEntry>,
  options: { compress?: boolean; metadata?: Record<string, string> } = {},
): Promise<void> {
  const comment = formatNotes(options.metadata ?? {}, "writeNpz");
  for (const [name, entry] of Object.entries(entries)) {
    requireSound(entry, name, "writeNpz");
    if (!npyHolds(entry.dtype)) {
      throw new Error(
        `writeNpz(entries[${JSON.stringify(name)}]): expected a type that numpy has, got ${entry.dtype}. ` +
          "Convert it to float32 or write .safetensors.",
      );
    }
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  await Promise.all([zipEntries(writable, entries, comment, options.compress ?? false), writeChunks(target, readable, "writeNpz")]);
}

async function openArchive(source: ByteSource, refuse: Refuse): Promise<{ members: FileEntry[]; comment: Uint8Array }> {
  const reader = new ZipReader(new ArchiveReader(source), zipOptions);
  try {
    const members = await reader.getEntries({ filenameValidation: "tolerant" });
    const arrays = members.filter((member): member is FileEntry => !member.directory && member.filename.endsWith(".npy"));
    requireHonestMembers(arrays, source.size, refuse);
    return { members: arrays, comment: reader.comment };
  } catch (error) {
    throw asRefusal(error, "a zip archive of .npy arrays", refuse);
  }
}

async function openMember(member: FileEntry, refuse: Refuse): Promise<LazyEntry> {
  const label = JSON.stringify(member.filename);
  const inMember: Refuse = (expected, got) => refuse(`${label} to hold ${expected}`, got);
  const bytesOf = async (wanted: number): Promise<Uint8Array> => {
    try {
      return await memberBytes(member, wanted);
    } catch (error) {
      throw asRefusal(error, "intact data", inMember);
    }
  };
  const headerEnd = npyHeaderEnd(await bytesOf(npyPrefixBytes), inMember);
  if (headerEnd > member.uncompressedSize) {
    throw inMember(`a header within its ${member.uncompressedSize} bytes`, `a header up to ${headerEnd}`);
  }
  const header = parseNpyHeader(await bytesOf(headerEnd), member.uncompressedSize, inMember);
  const { dtype, shape } = header;
  const read = async (): Promise<EntryData> => {
    const bytes = (await bytesOf(member.uncompressedSize)).subarray(header.dataOffset);
    const data = decodeElements(header.bigEndian ? swapBytes(bytes, dtype) : bytes, dtype);
    return header.fortranOrder ? toRowMajor(data, shape) : data;
  };
  return { dtype, shape, read };
}

async function zipEntries(
  writable: WritableStream<Uint8Array>,
  entries: Record<string, Entry | LazyEntry>,
  comment: Uint8Array,
  compress: boolean,
): Promise<void> {
  const zip = new ZipWriter(writable, {
    ...zipOptions,
    level: compress ? 6 : 0,
    // The same content gives the same bytes: no clock in the file.
    rawLastModDate: 0x00210000,
    extendedTimestamp: false,
  });
  try {
    for (const [name, { dtype, shape }] of Object.entries(entries)) {
      const data = await dataOf(entries[name]);
      requireSound({ dtype, shape, data }, name, "writeNpz");
      const parts = [formatNpyHeader(dtype, shape), encodeElements(data, dtype)] as Uint8Array<ArrayBuffer>[];
      await zip.add(`${name}.npy`, new BlobReader(new Blob(parts)));
    }
    await zip.close(comment);
  } catch (error) {
    await writable.abort(error).catch(() => undefined);
    throw error;
  }
}

/** Hands the archive's bytes to the zip reader, which expects short answers at the end of the file. */
class ArchiveReader extends Reader<ByteSource> {
  readonly source: ByteSource;

  constructor(source: ByteSource) {
    super(source);
    this.source = source;
    this.size = source.size;
  }

  override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    const start = Math.min(Math.max(offset, 0), this.source.size);
    return await this.source.read(start, Math.max(0, Math.min(length, this.source.size - start)));
  }
}

/** Errors of the zip library and of the platform's decompression, said in our words; our own pass as they are. */
function asRefusal(error: unknown, expected: string, refuse: Refuse): Error {
  if (error instanceof Error && error.message.startsWith("readNpz(")) return error;
  return refuse(expected, error instanceof Error ? error.message : String(error));
}
