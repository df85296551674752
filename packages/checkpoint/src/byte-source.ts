import type { FileSource } from "./entry.ts";

/** Random access to the bytes of a file; a range outside it is refused, so that no claim in a file can outgrow it. */
export type ByteSource = { name: string; size: number; read: (offset: number, length: number) => Promise<Uint8Array> };

/** The error for what is wrong with a file: what was expected and what was found. */
export type Refuse = (expected: string, got: string) => Error;

/** Opens a path, bytes or a Blob for reading; `reader` is the public function that errors name. */
export async function openBytes(file: FileSource, reader: string): Promise<ByteSource> {
  const source = await rawSource(file, reader);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset < 0 || length < 0 || !(offset + length <= source.size)) {
      throw damaged(reader, source.name, `bytes up to ${offset + length}`, `a file of ${source.size} bytes`);
    }
    return await source.read(offset, length);
  };
  return { ...source, read };
}

/** The error for a file whose content is not what its format promises. */
export function damaged(reader: string, name: string, expected: string, got: string): Error {
  return new Error(
    `${reader}(file): expected ${expected}, got ${got} in ${name}. ` +
      "The file is cut, damaged or of another format: fetch or write it again.",
  );
}

async function rawSource(file: FileSource, reader: string): Promise<ByteSource> {
  if (typeof file === "string") {
    // Only here, so that the readers also load where there is no file system.
    const { openFile } = await import("#file-source");
    return await openFile(file, reader);
  }
  if (file instanceof Uint8Array) {
    const read = async (offset: number, length: number) => new Uint8Array(file.subarray(offset, offset + length));
    return { name: `${file.length} bytes in memory`, size: file.length, read };
  }
  if (file instanceof Blob) {
    const read = async (offset: number, length: number) =>
      new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    return { name: `a Blob of ${file.size} bytes`, size: file.size, read };
  }
  throw new Error(
    `${reader}(file): expected a path, a Uint8Array or a Blob, got ${typeof file}. ` +
      "Wrap an ArrayBuffer as new Uint8Array(buffer).",
  );
}
