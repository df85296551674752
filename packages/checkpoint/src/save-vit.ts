import { leaves } from "@flexivit/params";
import { checkVitConfig, type VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { foldedClassPosition } from "./class-position.ts";
import type { FileTarget, LazyEntry } from "./entry.ts";
import { storedFromLeaves } from "./layout.ts";
import { type Metadata, stringifyMetadata } from "./metadata.ts";
import { modelShapes, ownPlaces } from "./model-shapes.ts";
import type { WeightFormat } from "./name-table.ts";
import { writeNpz } from "./npz.ts";
import { note } from "./params-file.ts";
import { type PlacedWeight, placeWeights } from "./place-weights.ts";
import { writeTo } from "./safetensors.ts";
import { writtenName } from "./stored-names.ts";
import type { VitModel } from "./vit-file.ts";
import { nameTables, weightFormats } from "./weight-formats.ts";

/** A model as a format can hold it; `own` are tensors made for it. */
type Held = { leaves: Map<string, tf.Tensor>; config: VitConfig; own: tf.Tensor[] };

/**
 * Writes a vision transformer and its head under the names and in the layouts of an origin: `.npz` for big_vision,
 * `.safetensors` for all others.
 *
 * The configuration goes along as a note (of the header, or in the comment of the zip archive), so that `loadVit` needs
 * no traits and the interpolations are not lost. A format that has a position for each class token, or for none, gets
 * it by adding, or as zeros: the model computes the same.
 *
 * @param format whose names; "flexivit" has a place for everything
 * @param metadata plain JSON kept beside the configuration
 * @throws where the format has no place for a part of the model, saying which and which format does
 */
export async function saveVit(target: FileTarget, model: VitModel, format: WeightFormat | "flexivit", metadata: Metadata = {}): Promise<void> {
  const held = heldBy(format, model);
  try {
    const classes = model.head?.bias.shape[0];
    const places = placesOf(format, held.config, classes);
    const entries = Object.fromEntries(places.map((place) => [place.name, entryOf(place, held)]));
    const text = stringifyMetadata({ ...metadata, config: held.config }, "saveVit");
    if (format === "big_vision") await writeNpz(target, entries, { metadata: { [note]: text } });
    // "pt" is what transformers asks for.
    else await writeTo(target, entries, { format: format === "flexivit" ? "flexivit-vit" : "pt", [note]: text }, "saveVit");
  } finally {
    tf.dispose(held.own);
  }
}

function placesOf(format: WeightFormat | "flexivit", config: VitConfig, classes: number | undefined): PlacedWeight[] {
  const shapes = modelShapes(config, classes);
  if (format === "flexivit") return ownPlaces(shapes);
  const table = nameTables[format];
  const { placed, homeless } = placeWeights(table, config, shapes);
  if (homeless.length > 0) throw noPlace(format, `weights "${homeless[0]}"`);
  return placed.map((place) => ({ ...place, name: writtenName(place.name, table, classes !== undefined) }));
}

function entryOf({ shape, layout, leaves: parts }: PlacedWeight, { leaves: tensors, config }: Held): LazyEntry {
  const read = async (): Promise<Float32Array> => {
    const stored = storedFromLeaves(layout, parts.map(({ path }) => tensors.get(path)!), config.heads);
    const data = (await stored.data()) as Float32Array;
    stored.dispose();
    return data;
  };
  return { dtype: "float32", shape, read };
}

function heldBy(format: WeightFormat | "flexivit", { params, head, config }: VitModel): Held {
  checkVitConfig(config, "saveVit");
  const tensors = new Map(leaves({ ...params, head }).map(({ path, tensor }) => [path, tensor]));
  const whole = { leaves: tensors, config, own: [] };
  if (format === "flexivit") return whole;
  const refused = withoutPlace(format, config);
  if (refused) throw noPlace(format, refused);
  const classToken = config.classToken;
  if (!classToken || config.positions !== "grid") return whole;
  // timm has positions for all tokens of no patch, or for none.
  const hasNone = format === "big_vision" || (format === "timm" && config.registers > 0);
  if (hasNone && classToken.position) return folded(whole);
  if (format.startsWith("hugging_face") && !classToken.position) return withZeroPosition(whole);
  return whole;
}

function folded({ leaves: tensors, config }: Held): Held {
  const copies = new Map([...tensors].map(([path, tensor]) => [path, path.startsWith("classToken") ? tf.clone(tensor) : tensor]));
  const without = foldedClassPosition(copies, config);
  return { leaves: copies, config: without, own: [copies.get("classToken")!] };
}

function withZeroPosition({ leaves: tensors, config }: Held): Held {
  const zero = tf.zeros([1, config.dim]);
  return { leaves: new Map(tensors).set("classTokenPosition", zero), config: { ...config, classToken: { ...config.classToken!, position: true } }, own: [zero] };
}

/** The part of a configuration, apart from weights, that has no place in files of a format. */
function withoutPlace(format: WeightFormat, { embedder, positions, classToken, pooling, normPlace, mlp }: VitConfig): string | undefined {
  const { withoutPositions } = nameTables[format];
  if (embedder.kind !== "linear" || embedder.perPosition) return `the embedder "${embedder.kind}"${embedder.kind === "linear" ? " per position" : ""}`;
  if (positions !== "grid" && positions !== withoutPositions) return `positions "${positions}"`;
  if (classToken && (classToken.value !== "learned" || classToken.at !== "first")) return `a class token of ${classToken.value} at the ${classToken.at} place`;
  if (format === "timm") return undefined;
  if (normPlace !== "tokens") return "a norm of the pooled vector";
  if (mlp === "swiglu" && format !== "hugging_face_dinov2") return "a gated MLP";
  if (format === "big_vision") return classToken && pooling !== "tok" ? `a class token with pooling "${pooling}"` : undefined;
  return pooling === "tok" ? undefined : `pooling "${pooling}"`;
}

function noPlace(format: string, got: string): Error {
  const others = weightFormats.filter((name) => name !== format).join(", ");
  return new Error(`saveVit(format): expected a model that files of ${format} can hold, got ${got}. Write "flexivit", which holds every model, or another of ${others}.`);
}
