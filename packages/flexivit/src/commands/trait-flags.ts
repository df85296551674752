import type { StoredSizes, VitTraits } from "@flexivit/checkpoint";
import { parseSize, type Size } from "@flexivit/patch-schemes";
import { referenceInterpolations, type Interpolation, type ReferenceInterpolation } from "@flexivit/resample";
import { InvalidArgumentError, type Command, Option } from "commander";
import { positive, wholeNumber } from "./options.ts";

/** What the shapes in a weight file can't tell. */
export type TraitFlags = {
  heads?: number;
  pooling?: "gap" | "tok" | "map";
  activation?: "erf" | "tanh";
  interpolation?: string;
  antialias?: boolean;
  layerNormEpsilon?: number;
  positionGrid?: Size;
};

/** The interpolations that published weights have, by the names of their origins. */
const origins: Readonly<Record<string, ReferenceInterpolation>> = {
  big_vision: referenceInterpolations.bigVision,
  big_vision_at_load: referenceInterpolations.bigVisionAtLoad,
  timm: referenceInterpolations.timm,
  timm_flexi: referenceInterpolations.timmFlexi,
  hugging_face: referenceInterpolations.huggingFace,
};

const kernels = ["bilinear", "bicubic"] as const;

/** Adds the flags for what shapes can't tell; without them the origin of the file decides. */
export function addTraitFlags(command: Command): Command {
  return command
    .option("--heads <n>", "heads of attention, where neither names nor the width tell", wholeNumber(1))
    .addOption(new Option("--pool, --pooling <how>", "mean of the patches, class token, or attention").choices(["gap", "tok", "map"]))
    .addOption(new Option("--activation <form>", "form of GELU: exact, or by tanh").choices(["erf", "tanh"]))
    .addOption(
      new Option("--interpolation <how>", "how kernel and positions are resized: as an origin does it, or by a kernel").choices([...Object.keys(origins), ...kernels]),
    )
    .option("--antialias", "with --interpolation bilinear or bicubic: antialias where something shrinks")
    .option("--layer-norm-epsilon <x>", "epsilon of the norms", positive)
    .option("--position-grid <size>", "grid of the stored positions, height x width, where it is no square", size);
}

/** The flags as `loadVit` takes them. */
export function traitsOf({ heads, pooling, activation, layerNormEpsilon, positionGrid, ...flags }: TraitFlags): VitTraits {
  return { heads, pooling, activation, layerNormEpsilon, positionGrid, interpolation: interpolationOf(flags) };
}

/** Both interpolations by a name of the option; none where it is not given. */
export function interpolationOf({ interpolation, antialias = false }: Pick<TraitFlags, "interpolation" | "antialias">): ReferenceInterpolation | undefined {
  const isKernel = kernels.some((kernel) => kernel === interpolation);
  if (antialias && !isKernel) {
    throw new Error(`--antialias: expected --interpolation bilinear or bicubic beside it, got ${interpolation ?? "none"}. An origin's interpolation includes it.`);
  }
  if (!isKernel) return interpolation === undefined ? undefined : origins[interpolation];
  const both: Interpolation = { kernel: interpolation as (typeof kernels)[number], antialias, alignment: "half-pixel" };
  return { patchKernel: both, positions: both };
}

/** A size such as "12" or "12x10". */
export function size(text: string): Size {
  try {
    return parseSize(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** The sizes that `--store-patch-size` and `--store-grid` name. */
export function storedSizesOf({ storePatchSize: patchSize, storeGrid: positionGrid }: { storePatchSize?: Size; storeGrid?: Size }): StoredSizes {
  return { ...(patchSize && { patchSize }), ...(positionGrid && { positionGrid }) };
}
