import type { normalisations } from "@flexivit/data";
import { formatScheme, parseScheme } from "@flexivit/patch-schemes";
import { InvalidArgumentError, Option } from "commander";

/** Parsers for the values of command-line options; each refuses with a message that names what it expects. */

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    return value;
  };
}

/** A list of whole numbers of at least 1. */
export function wholeNumbers(text: string): number[] {
  return text.split(",").map(wholeNumber(1));
}

/** A finite number of at least 0. */
export function nonNegative(text: string): number {
  const value = number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError("Expected a number of at least 0.");
  return value;
}

/** A finite number above 0. */
export function positive(text: string): number {
  const value = number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

/** A number from 0 to below 1. */
export function share(text: string): number {
  const value = number(text);
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError("Expected a number from 0 to below 1.");
  return value;
}

/** A patch size such as "12" or "12x10", or with a stride "12/6", in its normal form. */
export function patchSize(text: string): string {
  try {
    return formatScheme(parseScheme(text.trim()));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A list such as "48,24,12x10" of patch sizes, each once, in their normal form. */
export function patchSizes(text: string): string[] {
  const sizes = text.split(",").map(patchSize);
  const twice = sizes.find((size, index) => sizes.indexOf(size) < index);
  if (twice !== undefined) throw new InvalidArgumentError(`Expected each size once, got ${twice} twice.`);
  return sizes;
}

/** A list of numbers of at least 0, such as "1,1,2". */
export function weights(text: string): number[] {
  return text.split(",").map(nonNegative);
}

/** Numbers of at least 0 by name, such as "class=1,l1=5". */
export function namedWeights(text: string): Record<string, number> {
  const pairs = text.split(",").map((entry) => /^\s*([a-z0-9]+)\s*=\s*(\S+)\s*$/.exec(entry));
  const names = pairs.map((pair) => pair?.[1]);
  if (pairs.some((pair) => pair === null) || new Set(names).size < names.length) throw new InvalidArgumentError("Expected names with a number each, every name once, such as class=1,l1=5.");
  return Object.fromEntries(pairs.map((pair) => [pair![1], nonNegative(pair![2])]));
}

/** Layers and magnitude of RandAugment, such as "2,10". */
export function randAugment(text: string): { layers: number; magnitude: number } {
  const [layers, magnitude, ...more] = text.split(",").map(number);
  if (more.length > 0 || !Number.isSafeInteger(layers) || layers < 1 || !(magnitude >= 0 && magnitude <= 30)) {
    throw new InvalidArgumentError("Expected a whole number of layers of at least 1 and a magnitude from 0 to 30, such as 2,10.");
  }
  return { layers, magnitude };
}

/** A list of names, such as "optimizer.learningRate,clipNorm". */
export function names(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

/** `--remainder`, the same in every command. */
export function remainderOption(): Option {
  return new Option("--remainder <how>", "pixels that whole patches leave over: refused, or cropped at the bottom and right").choices(["error", "crop"]).default("error");
}

export type NormalisationName = keyof typeof normalisations;

/** Only the names: the values come with all that reads pictures, which some commands do without. */
const normalisationNames: Record<NormalisationName, true> = { half: true, imagenet: true };

/** `--normalisation`, the same in every command. */
export function normalisationOption(): Option {
  return new Option("--normalisation <name>", "scale of pixels: half for [-1, 1], imagenet for DeiT and DINOv2 (default: the model's, else half)").choices(
    Object.keys(normalisationNames),
  );
}

/** `--threads`, the same in every command. */
export function threadsOption(): Option {
  return new Option("--threads <n>", "threads of the engine (default: one per core)").argParser(wholeNumber(1));
}

function number(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}
