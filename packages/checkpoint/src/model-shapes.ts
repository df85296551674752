import { shapesOf, vitSpec, type VitConfig } from "@flexivit/vit";
import type { Shape } from "./layout.ts";
import type { PlacedWeight } from "./place-weights.ts";

/** The shape of every leaf of a backbone by its path, and under "head/" those of a head of so many classes. */
export function modelShapes(config: VitConfig, classes: number | undefined): Map<string, Shape> {
  const shapes = shapesOf(vitSpec(config));
  if (classes === undefined) return shapes;
  return shapes.set("head/kernel", [config.dim, classes]).set("head/bias", [classes]);
}

/** Where each leaf stands in a file of our own: under its path, below "backbone" or "head". */
export function ownPlaces(shapes: ReadonlyMap<string, Shape>): PlacedWeight[] {
  return [...shapes].map(([path, shape]) => ({ name: ownName(path), shape, layout: "same", leaves: [{ path, shape }] }));
}

export const ownKernel = "backbone/patchEmbedding/kernel";

function ownName(path: string): string {
  return path.startsWith("head/") ? path : `backbone/${path}`;
}
