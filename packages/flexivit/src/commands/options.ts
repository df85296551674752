import { InvalidArgumentError } from "commander";
import { formatScheme, parseScheme } from "@flexivit/patch-schemes";

/** Parsers for the values of command-line options; each refuses with a message that names what it expects. */

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** A finite number of at least 0. */
export function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("Expected a number of at least 0.");
  return value;
}

/** A list such as "48,24,12x10" of patch sizes, in their normal form. */
export function patchSizes(text: string): string[] {
  return text.split(",").map((part) => {
    try {
      return formatScheme(parseScheme(part.trim()));
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  });
}

/** A list of numbers of at least 0, such as "1,1,2". */
export function weights(text: string): number[] {
  return text.split(",").map(nonNegative);
}
