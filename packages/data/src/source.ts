import type { RandomStream } from "@flexivit/random";
import type { ChooseView } from "./framing.ts";
import { applyView, type Size } from "./view.ts";

/** Pictures that are read one by one, from memory or from files. */
export type PictureSource = {
  /** How many pictures there are. */
  readonly size: number;
  /** 1 for grey, 3 for RGB. */
  readonly channels: 1 | 3;
  /** What messages call a picture: its file, or its set and number. */
  name(index: number): string;
  /** Writes the 8-bit pixels [height, width, channels] that a view shows of a picture; done at once where no promise is returned. */
  read(index: number, request: ReadRequest): void | Promise<void>;
};

export type ReadRequest = {
  choose: ChooseView;
  /** The draws of this picture in this epoch. */
  stream: () => RandomStream;
  /** [window height, window width, channels] */
  out: Uint8Array;
};

/** Pictures with one class each, or with targets. */
export type ImageSource = PictureSource & {
  /** The classes; where there are targets, what their values mean. */
  readonly classes: readonly string[];
  /** [size], each an index of `classes`; -1 where there are targets. */
  readonly labels: Int32Array;
  /** What a network should answer for a picture, [classes]: 1 for each of its classes, or numbers to be estimated. */
  readonly targets?: (index: number) => Float32Array;
};

export type PixelSet = {
  name: string;
  /** [size, height, width, channels], 8 bits. */
  pixels: Uint8Array;
  height: number;
  width: number;
  channels: 1 | 3;
  /** [size], each an index of `classes`. */
  labels: ArrayLike<number>;
  classes: readonly string[];
};

/**
 * A source over pictures of one size that lie in memory; the pixels are not copied.
 *
 * @throws where pixels, labels and classes do not fit together
 */
export function pixelSource({ name, pixels, height, width, channels, labels, classes }: PixelSet): ImageSource {
  checkChannels("pixelSource(channels)", channels);
  const length = height * width * channels;
  if (pixels.length !== labels.length * length) {
    const got = `${pixels.length} for ${labels.length} labels`;
    throw new Error(`pixelSource(pixels): expected ${height}x${width}x${channels} = ${length} values per label, got ${got}. Check height, width and channels.`);
  }
  const size: Size = [height, width];
  return {
    size: labels.length,
    channels,
    classes,
    labels: checkLabels("pixelSource(labels)", labels, classes),
    name: (index) => `${name} picture ${index}`,
    read(index, { choose, stream, out }) {
      applyView(pixels.subarray(index * length, (index + 1) * length), size, channels, choose(size, stream), out);
    },
  };
}

/** The pictures of `source` at `indices`, in that order; nothing is copied but the labels. */
export function subset(source: ImageSource, indices: ArrayLike<number>): ImageSource {
  const chosen = Uint32Array.from(indices);
  const outside = Array.from(indices).find((index) => !Number.isInteger(index) || index < 0 || index >= source.size);
  if (outside !== undefined) {
    throw new Error(`subset(indices): expected indices in 0..${source.size - 1}, got ${outside}. The source has ${source.size} pictures.`);
  }
  const { channels, classes, labels, targets } = source;
  return {
    size: chosen.length,
    channels,
    classes,
    labels: Int32Array.from(chosen, (index) => labels[index]),
    ...(targets ? { targets: (index: number) => targets(chosen[index]) } : {}),
    name: (index) => source.name(chosen[index]),
    read: (index, request) => source.read(chosen[index], request),
  };
}

export function checkChannels(argument: string, channels: number): void {
  if (channels !== 1 && channels !== 3) {
    throw new Error(`${argument}: expected 1 (grey) or 3 (RGB), got ${channels}. Drop or merge the other channels first.`);
  }
}

export function checkLabels(argument: string, labels: ArrayLike<number>, classes: readonly string[]): Int32Array {
  const checked = Int32Array.from(labels);
  const wrong = checked.findIndex((label, index) => label !== labels[index] || label < 0 || label >= classes.length);
  if (wrong >= 0) {
    throw new Error(`${argument}: expected indices of ${classes.length} classes, got ${labels[wrong]} at ${wrong}. Correct the label or add the class.`);
  }
  return checked;
}
