import type { RandomStream } from "@flexivit/random";
import type { Resampling } from "./resize-pixels.ts";
import type { Size, View } from "./view.ts";

/**
 * How a picture is cut for training. Each draw belongs to (seed, epoch, index of the picture).
 *
 * - `inception-crop`: a part of random area (share of the picture, default 0.05..1) and random shape
 *   (width / height, default 3/4..4/3, uniform in the logarithm), resized.
 *   Source: torchvision's RandomResizedCrop; big_vision's inception crop draws the shape uniformly.
 * - `pad-crop`: a random part of the picture with `padding` black pixels (default 0) at each side; not resized.
 */
export type TrainingFraming =
  | { kind: "inception-crop"; area?: Range; ratio?: Range; flip?: boolean; resampling?: Resampling }
  | { kind: "pad-crop"; padding?: number; flip?: boolean };

/**
 * How a picture is cut for evaluation.
 *
 * - `shorter-side`: resized until it just covers image size / cropFraction, then the centre.
 *   timm and torchvision: cropFraction 0.95 or 0.875 and `pil-bicubic`, the default.
 * - `squash`: resized to the image size, whatever its shape. big_vision's `resize`: `tf-bilinear`, the default.
 * - `centre-crop`: the centre, not resized.
 */
export type EvaluationFraming =
  | { kind: "shorter-side"; cropFraction: number; resampling?: Resampling }
  | { kind: "squash"; resampling?: Resampling }
  | { kind: "centre-crop" };

export type Framing = TrainingFraming | EvaluationFraming;

export type Range = readonly [from: number, to: number];

/** Chooses the view of a picture; `stream` makes the draws of this picture and is not called where there are none. */
export type ChooseView = (picture: Size, stream: () => RandomStream) => View;

/** The function that cuts pictures to `imageSize` as `framing` says. */
export function chooseView(framing: Framing, imageSize: Size): ChooseView {
  checkFraming(framing);
  switch (framing.kind) {
    case "inception-crop":
      return (picture, stream) => inceptionCrop(picture, imageSize, framing, stream());
    case "pad-crop":
      return (picture, stream) => padCrop(picture, imageSize, framing.padding ?? 0, framing.flip ?? true, stream());
    case "shorter-side":
      return (picture) => centre(picture, cover(picture, imageSize, framing.cropFraction), imageSize, framing.resampling ?? "pil-bicubic");
    case "squash":
      return (picture) => centre(picture, imageSize, imageSize, framing.resampling ?? "tf-bilinear");
    case "centre-crop":
      return (picture) => centre(picture, picture, imageSize, "pil-bilinear");
  }
}

function checkFraming(framing: Framing): void {
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new Error(`framing(${field}): expected ${expected}, got ${JSON.stringify(got)}. Correct the framing "${framing.kind}".`);
  };
  const isRange = ([from, to]: Range): boolean => from > 0 && from <= to;
  if (framing.kind === "inception-crop") {
    const { area = [1, 1], ratio = [1, 1] } = framing;
    if (!isRange(area) || area[1] > 1) refuse("area", "0 < from <= to <= 1", area);
    if (!isRange(ratio)) refuse("ratio", "0 < from <= to", ratio);
  } else if (framing.kind === "pad-crop") {
    const padding = framing.padding ?? 0;
    if (!Number.isInteger(padding) || padding < 0) refuse("padding", "a whole number of pixels", padding);
  } else if (framing.kind === "shorter-side") {
    const { cropFraction } = framing;
    if (!(cropFraction > 0 && cropFraction <= 1)) refuse("cropFraction", "a share above 0 and up to 1", cropFraction);
  } else if (framing.kind !== "squash" && framing.kind !== "centre-crop") {
    const kinds = '"inception-crop", "pad-crop", "shorter-side", "squash" or "centre-crop"';
    throw new Error(`framing(kind): expected ${kinds}, got ${JSON.stringify((framing as Framing).kind)}. Choose one of them.`);
  }
}

type InceptionCrop = Extract<Framing, { kind: "inception-crop" }>;

// Both references: https://arxiv.org/abs/1409.4842 gives area and ratio; ten tries are torchvision's.
const inceptionDefaults = { area: [0.05, 1], ratio: [3 / 4, 4 / 3], tries: 10 } as const;

function inceptionCrop(picture: Size, imageSize: Size, framing: InceptionCrop, stream: RandomStream): View {
  const { area = inceptionDefaults.area, ratio = inceptionDefaults.ratio, flip = true } = framing;
  // The flip comes first, so that it does not depend on how many tries the region takes.
  const mirrored = flip && stream.uniform() < 0.5;
  return {
    region: inceptionRegion(picture, area, ratio, stream),
    resized: imageSize,
    window: { top: 0, left: 0, height: imageSize[0], width: imageSize[1] },
    flip: mirrored,
    resampling: framing.resampling ?? "fast-bilinear",
  };
}

function inceptionRegion([height, width]: Size, area: Range, ratio: Range, stream: RandomStream): View["region"] {
  for (let attempt = 0; attempt < inceptionDefaults.tries; attempt++) {
    const pixels = height * width * (area[0] + (area[1] - area[0]) * stream.uniform());
    const shape = ratio[0] * (ratio[1] / ratio[0]) ** stream.uniform();
    const size = { height: Math.round(Math.sqrt(pixels / shape)), width: Math.round(Math.sqrt(pixels * shape)) };
    if (size.height < 1 || size.width < 1 || size.height > height || size.width > width) continue;
    return { top: stream.integer(height - size.height + 1), left: stream.integer(width - size.width + 1), ...size };
  }
  // The picture is too long for the wanted shapes: the largest part in the middle that has the nearest one.
  const part = {
    height: Math.min(height, Math.max(1, Math.round(width / ratio[0]))),
    width: Math.min(width, Math.max(1, Math.round(height * ratio[1]))),
  };
  return { top: (height - part.height) >> 1, left: (width - part.width) >> 1, ...part };
}

function padCrop(picture: Size, imageSize: Size, padding: number, flip: boolean, stream: RandomStream): View {
  const [freeRows, freeColumns] = [0, 1].map((axis) => picture[axis] + 2 * padding - imageSize[axis]);
  if (freeRows < 0 || freeColumns < 0) {
    throw new Error(
      `framing(padding): expected pictures of at least ${imageSize.join("x")} px with ${padding} px of padding, ` +
        `got ${picture.join("x")}. Pad more or use "inception-crop".`,
    );
  }
  const mirrored = flip && stream.uniform() < 0.5;
  const top = stream.integer(freeRows + 1) - padding;
  const left = stream.integer(freeColumns + 1) - padding;
  return { ...centre(picture, picture, imageSize, "pil-bilinear"), window: { top, left, height: imageSize[0], width: imageSize[1] }, flip: mirrored };
}

function centre(picture: Size, resized: Size, [height, width]: Size, resampling: Resampling): View {
  const window = { top: halfToEven(resized[0] - height), left: halfToEven(resized[1] - width), height, width };
  return { region: { top: 0, left: 0, height: picture[0], width: picture[1] }, resized, window, flip: false, resampling };
}

/** Half of an integer; halves go to the even neighbour, as in Python, which decides the pixel of an odd margin. */
const halfToEven = (x: number): number => (x % 2 === 0 ? x / 2 : 2 * Math.round(x / 4));

/** The size with the picture's shape that just covers imageSize / fraction; the longer side is cut to whole pixels. */
function cover([height, width]: Size, imageSize: Size, fraction: number): Size {
  const [rows, columns] = imageSize.map((side) => Math.floor(side / fraction));
  if (rows * width >= columns * height) return [rows, Math.trunc((rows * width) / height)];
  return [Math.trunc((columns * height) / width), columns];
}
