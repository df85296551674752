import type { Mask } from "./mask.ts";

/**
 * The pixels inside any of the masks ("union") or inside all of them ("intersection").
 *
 * @param masks at least one, all of one size
 * @throws where there is no mask, or sizes differ
 */
export function combineMasks(masks: readonly Mask[], how: "union" | "intersection"): Mask {
  if (masks.length === 0) throw new Error("combineMasks(masks): expected at least one mask, got none. Use encodeMask for an empty one.");
  const least = how === "union" ? 1 : 2;
  return masks.reduce((a, b) => {
    assertSameSize("combineMasks(masks)", a, b);
    const counts: number[] = [];
    let [run, inside] = [0, false];
    forEachStretch(a, b, (length, both) => {
      if (both >= least !== inside) {
        counts.push(run);
        [run, inside] = [0, !inside];
      }
      run += length;
    });
    return { height: a.height, width: a.width, counts: [...counts, run] };
  });
}

/** The number of pixels inside both masks. */
export function sharedPixels(a: Mask, b: Mask): number {
  let shared = 0;
  forEachStretch(a, b, (length, both) => {
    if (both === 2) shared += length;
  });
  return shared;
}

/** Calls `visit` with each stretch of pixels over which neither mask changes, and with how many of the two it is inside. */
function forEachStretch(a: Mask, b: Mask, visit: (length: number, both: 0 | 1 | 2) => void): void {
  const end = a.height * a.width;
  let [place, i, j] = [0, 0, 0];
  let [endOfA, endOfB] = [a.counts[0] ?? end, b.counts[0] ?? end];
  while (place < end) {
    while (endOfA <= place) endOfA += a.counts[++i] ?? end;
    while (endOfB <= place) endOfB += b.counts[++j] ?? end;
    const next = Math.min(endOfA, endOfB, end);
    visit(next - place, ((i & 1) + (j & 1)) as 0 | 1 | 2);
    place = next;
  }
}

export function assertSameSize(where: string, a: Mask, b: Mask): void {
  if (a.height === b.height && a.width === b.width) return;
  throw new Error(`${where}: expected masks of one size, got ${a.height}x${a.width} and ${b.height}x${b.width}. Resize the pictures or their masks.`);
}
