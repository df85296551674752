import { decodeView, pictureSize, reasonOf, toGrey, tryDecoding } from "./decode.ts";
import { checkChannels, checkLabels, type ImageSource, type ReadRequest } from "./source.ts";
import type { Size } from "./view.ts";

export type FileSet = {
  files: readonly string[];
  classes: readonly string[];
  /** [files], each an index of `classes` */
  labels: ArrayLike<number>;
  /** 3 (RGB) by default, or 1 (grey) */
  channels?: 1 | 3;
  /** Height and width of each picture where they are known; they are read from the file otherwise. */
  sizes?: readonly (Size | undefined)[];
};

/**
 * A source over picture files, decoded when they are read, off the main thread.
 *
 * @throws while reading: `readPicture(file): ..` with the name of the file that cannot be decoded
 */
export function fileSource({ files, classes, labels, channels = 3, sizes = [] }: FileSet): ImageSource {
  checkChannels("fileSource(channels)", channels);
  if (labels.length !== files.length) {
    throw new Error(`fileSource(labels): expected one label for each of ${files.length} files, got ${labels.length}. Give both in the same order.`);
  }
  const known: (Size | undefined)[] = [...sizes];
  const sizeOf = async (index: number): Promise<Size> => (known[index] ??= await pictureSize(files[index]));
  return {
    size: files.length,
    channels,
    classes,
    labels: checkLabels("fileSource(labels)", labels, classes),
    name: (index) => files[index],
    read: (index, request) => readPicture(files[index], sizeOf(index), channels, request),
  };
}

async function readPicture(file: string, size: Promise<Size>, channels: 1 | 3, { choose, stream, out }: ReadRequest): Promise<void> {
  try {
    const view = choose(await size, stream);
    if (channels === 3) {
      await decodeView(file, view, out);
      return;
    }
    const rgb = new Uint8Array(out.length * 3);
    await decodeView(file, view, rgb);
    toGrey(rgb, out);
  } catch (error) {
    throw unreadable(file, await ownError(file, error));
  }
}

/** libvips has one place for the errors of all threads: one that another thread cleared comes without its reason. */
async function ownError(file: string, error: unknown): Promise<unknown> {
  let known = error;
  for (let attempt = 0; attempt < 3 && reasonOf(known) === "Unknown error"; attempt++) {
    known = await tryDecoding(file).then(() => error, (again: unknown) => again);
  }
  return known;
}

function unreadable(file: string, error: unknown): Error {
  const reason = reasonOf(error);
  return new Error(`readPicture(${file}): expected a picture that can be cut and decoded, got: ${reason}. Remove or replace the file.`, { cause: error });
}
