import { decodeView, pictureSize, reasonOf, toGrey, tryDecoding } from "./decode.ts";
import { checkChannels, checkLabels, type ImageSource, type PictureSource, type ReadRequest } from "./source.ts";
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
export function fileSource({ files, classes, labels, channels, sizes }: FileSet): ImageSource {
  const pictures = pictureFiles({ files, channels, sizes });
  if (labels.length !== files.length) {
    throw new Error(`fileSource(labels): expected one label for each of ${files.length} files, got ${labels.length}. Give both in the same order.`);
  }
  return { ...pictures, classes, labels: checkLabels("fileSource(labels)", labels, classes) };
}

/** Picture files without labels. */
export function pictureFiles({ files, channels = 3, sizes = [] }: Pick<FileSet, "files" | "channels" | "sizes">): PictureSource {
  checkChannels("fileSource(channels)", channels);
  const known: (Size | undefined)[] = [...sizes];
  const sizeOf = async (index: number): Promise<Size> => (known[index] ??= await pictureSize(files[index]));
  return {
    size: files.length,
    channels,
    name: (index) => files[index],
    read: (index, request) => readPicture(files[index], sizeOf(index), channels, request),
  };
}

async function readPicture(file: string, size: Promise<Size>, channels: 1 | 3, { choose, stream, out }: ReadRequest): Promise<void> {
  try {
    const picture = await size;
    const view = choose(picture, stream);
    if (channels === 3) {
      await decodeView(file, picture, view, out);
      return;
    }
    const rgb = new Uint8Array(out.length * 3);
    await decodeView(file, picture, view, rgb);
    toGrey(rgb, out);
  } catch (error) {
    const reason = await ownReason(file, reasonOf(error));
    throw new Error(`readPicture(${file}): expected a picture that can be cut and decoded, got: ${reason}. Remove or replace the file.`, { cause: error });
  }
}

/** libvips has one place for the errors of all threads; where another picture emptied it, the file is decoded again. */
async function ownReason(file: string, reason: string): Promise<string> {
  let found = reason;
  for (let tries = 0; tries < 5 && found === "Unknown error"; tries++) {
    found = await tryDecoding(file).then(() => reason, reasonOf);
  }
  return found;
}
