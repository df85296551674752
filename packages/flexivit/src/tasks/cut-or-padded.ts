import { applyViewToMap, type MapKind, type Maps, type PixelMap, type View } from "@flexivit/data";
import { emptyMap } from "./empty-map.ts";

/** A map through a view that neither resizes nor mirrors. */
export function cutOrPadded<Kind extends MapKind>(kind: Kind, map: PixelMap<Kind>, view: Pick<View, "region" | "resized" | "window">): Maps[Kind] {
  const out = emptyMap(kind, view.window.height * view.window.width);
  applyViewToMap(kind, map, { ...view, flip: false, resampling: "pil-bilinear" }, out);
  return out;
}
