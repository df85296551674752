import type { RandomStream } from "@flexivit/random";
import type { Range } from "./framing.ts";
import type { Resampling } from "./resize-pixels.ts";
import type { Size, View } from "./view.ts";

/**
 * How pictures with maps are cut for training: resized to a random multiple of the size that just covers the image, then
 * a random part of the image's size; where the picture is smaller, the rest is black and its maps unknown.
 */
export type ScaleCrop = {
  kind: "scale-crop";
  /** Multiples, 0.5..2 unless given, uniform in the logarithm. */
  scale?: Range;
  /** Mirrors half of the pictures; true unless given. */
  flip?: boolean;
  /** `pil-bilinear` unless given: `fast-bilinear` is off by half a pixel where pictures grow, and maps are not. */
  resampling?: Resampling;
};

/** Source: the random resize and crop of MMSegmentation's configs, whose multiples are uniform themselves. */
export function scaleCrop(picture: Size, imageSize: Size, { scale = [0.5, 2], flip = true, resampling = "pil-bilinear" }: ScaleCrop, stream: RandomStream): View {
  if (!(scale[0] > 0 && scale[0] <= scale[1] && scale[1] < Infinity)) {
    throw new Error(`framing(scale): expected 0 < from <= to, got ${JSON.stringify(scale)}. Correct the framing "scale-crop".`);
  }
  const mirrored = flip && stream.uniform() < 0.5;
  const cover = Math.max(imageSize[0] / picture[0], imageSize[1] / picture[1]);
  const factor = cover * scale[0] * (scale[1] / scale[0]) ** stream.uniform();
  const [height, width] = picture.map((side) => Math.max(1, Math.round(side * factor)));
  const [top, left] = [height - imageSize[0], width - imageSize[1]].map((free) => Math.sign(free) * stream.integer(Math.abs(free) + 1));
  return {
    region: { top: 0, left: 0, height: picture[0], width: picture[1] },
    resized: [height, width],
    window: { top, left, height: imageSize[0], width: imageSize[1] },
    flip: mirrored,
    resampling,
  };
}
