import type { Place } from "./place.ts";
import { parseScheme, patchScheme, type PatchScheme } from "./scheme.ts";
import type { Size } from "./size.ts";

/** A scheme, or what names one: a patch size (`16`, `[12, 10]`) or a text ("12x10", "12x10/6x5"). */
export type SchemeLike = PatchScheme | Size | number | string;

/**
 * Checked schemes out of what names them.
 *
 * @throws where there is none, a size is no whole number of pixels above 0 or a text names no scheme.
 */
export function schemeList(schemes: readonly SchemeLike[], place: Place): PatchScheme[] {
  requireSchemes(schemes, place);
  return schemes.map((scheme) => {
    if (typeof scheme === "string") return parseScheme(scheme);
    return typeof scheme === "object" && "patchSize" in scheme ? patchScheme(scheme.patchSize, scheme.stride) : patchScheme(scheme);
  });
}

/** Refuses an empty list. */
export function requireSchemes(schemes: readonly unknown[], place: Place): void {
  if (schemes.length > 0) return;
  throw new Error(`${place("schemes")}: expected at least one scheme, got none. List patch sizes, such as [48, 24, 16].`);
}
