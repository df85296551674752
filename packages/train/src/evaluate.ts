import type { Communicator } from "@flexivit/parallel";
import { formatScheme, type PatchScheme } from "@flexivit/patch-schemes";

/**
 * Runs a measurement at every patch scheme, one after the other, and names each figure by its scheme:
 * `{ accuracy: 0.9 }` at patch size 12 becomes `{ "accuracy/12": 0.9 }`.
 *
 * @param among ranks that share the schemes in turn: this one measures its own, `train` puts the figures together
 */
export async function atEveryScheme(
  schemes: readonly PatchScheme[],
  measure: (scheme: PatchScheme) => Promise<Record<string, number>>,
  { rank, size }: Pick<Communicator, "rank" | "size"> = { rank: 0, size: 1 },
): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const scheme of schemes.filter((_, index) => index % size === rank)) {
    for (const [name, value] of Object.entries(await measure(scheme))) figures[`${name}/${formatScheme(scheme)}`] = value;
  }
  return figures;
}

/** The figures of all ranks, in the order in which one process would have measured the schemes. */
export function joinFigures(shares: readonly Record<string, number>[]): Record<string, number> {
  if (shares.length === 1) return shares[0];
  const bySchemes = shares.map(figuresByScheme);
  const rounds = Math.max(...bySchemes.map((schemes) => schemes.length));
  const inTurn = Array.from({ length: rounds }, (_, round) => bySchemes.map((schemes) => schemes[round] ?? []));
  return Object.fromEntries(inTurn.flat(2));
}

/** Named figures, those of a scheme together: what follows the "/" of a name is its scheme. */
function figuresByScheme(share: Record<string, number>): [name: string, value: number][][] {
  const schemes = new Map<string, [string, number][]>();
  for (const [name, value] of Object.entries(share)) {
    const scheme = name.slice(name.indexOf("/"));
    schemes.set(scheme, [...(schemes.get(scheme) ?? []), [name, value]]);
  }
  return [...schemes.values()];
}
