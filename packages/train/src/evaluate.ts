import { formatScheme, type PatchScheme } from "@flexivit/patch-schemes";

/**
 * Runs a measurement at every patch scheme, one after the other, and names each figure by its scheme:
 * `{ accuracy: 0.9 }` at patch size 12 becomes `{ "accuracy/12": 0.9 }`.
 */
export async function atEveryScheme(
  schemes: readonly PatchScheme[],
  measure: (scheme: PatchScheme) => Promise<Record<string, number>>,
): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const scheme of schemes) {
    for (const [name, value] of Object.entries(await measure(scheme))) figures[`${name}/${formatScheme(scheme)}`] = value;
  }
  return figures;
}
