import type { MapKind, Maps } from "@flexivit/data";

/** Room for a map of so many pixels. */
export function emptyMap<Kind extends MapKind>(kind: Kind, pixels: number): Maps[Kind] {
  return (kind === "labels" ? new Int32Array(pixels) : new Float32Array(pixels * (kind === "normals" ? 3 : 1))) as Maps[Kind];
}
