import type { ClassifierParams } from "@flexivit/classify";
import { checkVitConfig, type VitConfig, type VitParams } from "@flexivit/vit";
import type * as tf from "@tensorflow/tfjs-core";
import { damaged } from "./byte-source.ts";
import { foldedClassPosition, foldRegisterPositions } from "./class-position.ts";
import type { FileSource, WeightFile } from "./entry.ts";
import { leavesFromStored, type Shape } from "./layout.ts";
import { entryDifferences } from "./match-entries.ts";
import type { Metadata } from "./metadata.ts";
import { modelShapes, ownKernel, ownPlaces } from "./model-shapes.ts";
import { registerPositions, type WeightFormat } from "./name-table.ts";
import { openWeights } from "./open-weights.ts";
import { treeOf } from "./param-tree.ts";
import { ownMetadata } from "./params-file.ts";
import { type PlacedWeight, placeWeights } from "./place-weights.ts";
import { countRegisterPositions, readConfig, type StoredModel, type VitTraits, withTraits } from "./read-config.ts";
import { recogniseFormat } from "./recognise.ts";
import { toTensor } from "./tensors.ts";
import { weightFormats } from "./weight-formats.ts";

/** A vision transformer and its head, where it has one. */
export type VitModel = { params: VitParams; config: VitConfig; head?: ClassifierParams };

/** What a file holds, apart from the weights. */
export type VitDescription = {
  format: WeightFormat | "flexivit";
  config: VitConfig;
  /** Outputs of the head; none where there is no head. */
  classes?: number;
  /** Entries that are left out: what the forward pass does not need, and a head that none here is like. */
  unused: string[];
  /** What `saveVit` was given beside the model. */
  metadata: Metadata;
};

export type LoadedVit = VitModel & VitDescription;

/** Where each leaf of a model is in a file, by the names of its format, and those in the file. */
type Plan = { description: VitDescription; placed: PlacedWeight[]; nameInFile: (name: string) => string };

/**
 * Reads a vision transformer from a weight file of big_vision, timm, Hugging Face or our own, told apart by content.
 *
 * Its architecture comes from the names and shapes of the entries; what those can't tell, from the note of `saveVit`,
 * else from `traits`, else from what holds for its origin: form of GELU, epsilon of the norms, and how kernel and
 * positions are resized. The position of a class token is folded into it where big_vision's reader does so. Entries
 * are read one at a time; floats of any width become float32. Weights are the caller's to dispose.
 *
 * @param file path (Node), bytes or Blob; `.npz` or `.safetensors`
 * @param traits override what note and origin say; see {@link VitTraits}
 * @throws where the file is damaged or of unknown origin, where an entry is missing, has another shape than the rest
 *   asks for, or has no place in such a model, naming each and what was expected; where the heads can't be known
 */
export async function loadVit(file: FileSource, traits: VitTraits = {}): Promise<LoadedVit> {
  const weights = await openWeights(file, "loadVit");
  const { description, placed, nameInFile } = planOf(weights, traits, "loadVit");
  const leaves = await readLeaves(weights, placed, nameInFile);
  foldRegisterPositions(leaves);
  const { format, config } = description;
  const folded = format === "big_vision" ? foldedClassPosition(leaves, config) : config;
  const { head, ...params } = treeOf(leaves, "loadVit") as VitParams & { head?: ClassifierParams };
  return { ...description, config: folded, params, ...(head && { head }) };
}

/** What {@link loadVit} gives apart from the weights, of which none is read. */
export async function describeVit(file: FileSource, traits: VitTraits = {}): Promise<VitDescription> {
  const { description } = planOf(await openWeights(file, "describeVit"), traits, "describeVit");
  const { format, config } = description;
  return { ...description, config: format === "big_vision" ? foldedClassPosition(new Map(), config) : config };
}

function planOf(weights: WeightFile & { name: string }, traits: VitTraits, reader: string): Plan {
  const { entries, name: file } = weights;
  const refuse: Refuse = (expected, got, remedy) =>
    remedy === undefined ? damaged(reader, file, expected, got) : new Error(`${reader}(file): expected ${expected}, got ${got} in ${file}. ${remedy}`);
  const metadata = ownMetadata(weights, reader);
  const noted = metadata["config"] as VitConfig | undefined;
  const known = noted && checkVitConfig(withTraits(noted, traits), reader);
  if (known) requireBlocksWithin(known, Object.keys(entries).length, refuse);
  return ownKernel in entries ? ownPlan(entries, known, metadata, refuse) : foreignPlan(entries, known ?? traits, metadata, refuse);
}

type Refuse = StoredModel["refuse"];

/** A note may claim any number of blocks. Each has entries of its own, so the file bounds what is made of the claim. */
function requireBlocksWithin({ depth, embedder }: VitConfig, entries: number, refuse: Refuse): void {
  const stages = embedder.kind === "hybrid" ? embedder.stages : [];
  const claimed = stages.reduce((sum, { blocks }) => sum + blocks, depth);
  if (claimed > entries) throw refuse(`a note of at most ${entries} blocks, as many as there are entries`, `one of ${claimed}`);
}

function ownPlan(entries: WeightFile["entries"], config: VitConfig | undefined, metadata: Metadata, refuse: Refuse): Plan {
  if (!config) throw refuse("a note with the config, as saveVit writes it", "none", "Save the weights with saveVit.");
  const classes = entries["head/kernel"]?.shape[1];
  const placed = ownPlaces(modelShapes(config, classes));
  requireMatch(placed, new Map(Object.entries(entries).map(([name, { shape }]) => [name, shape])), config, "flexivit", refuse);
  return { description: { format: "flexivit", config, classes, unused: [], metadata }, placed, nameInFile: (name) => name };
}

function foreignPlan(entries: WeightFile["entries"], known: VitConfig | VitTraits, metadata: Metadata, refuse: Refuse): Plan {
  const found = recogniseFormat(Object.keys(entries));
  if (!found) throw refuse(`names of ${weightFormats.join(", ")} or flexivit`, listed(Object.keys(entries)), "Convert the file to one of these.");
  const { format, table, stored } = found;
  const names = [...stored.keys()];
  const unused = names.filter((name) => table.unused.some((pattern) => pattern.test(name)));
  const shapes = new Map(names.filter((name) => !unused.includes(name)).map((name) => [name, entries[stored.get(name)!].shape]));
  const model = { format, table, shapes, refuse };
  const config = "depth" in known ? known : readConfig(model, known);
  const classes = classesOf(shapes, table.rows);
  const wanted = modelShapes(config, classes);
  const positioned = countRegisterPositions(model, config);
  if (positioned > 0) wanted.set(registerPositions, [positioned, config.dim]);
  const { placed } = placeWeights(table, config, wanted);
  requireMatch(placed, shapes, config, format, refuse);
  return { description: { format, config, classes, unused, metadata }, placed, nameInFile: (name) => stored.get(name)! };
}

function classesOf(shapes: ReadonlyMap<string, Shape>, rows: readonly { theirs: string; ours: readonly string[] }[]): number | undefined {
  const shapeOf = (path: string) => shapes.get(rows.find(({ ours }) => ours[0] === path)?.theirs ?? "");
  // A head without bias is told of below as such.
  return shapeOf("head/bias")?.[0] ?? (shapeOf("head/kernel") ? 0 : undefined);
}

function requireMatch(placed: PlacedWeight[], shapes: ReadonlyMap<string, Shape>, { dim, depth, heads }: VitConfig, format: string, refuse: Refuse): void {
  const differences = entryDifferences(placed, shapes);
  if (differences === "") return;
  throw refuse(
    `the entries of a ${format} model of dim ${dim}, depth ${depth} and ${heads} heads`,
    differences,
    "Fetch or write the file again, or use a model of this architecture.",
  );
}

async function readLeaves({ entries }: WeightFile, placed: readonly PlacedWeight[], nameInFile: Plan["nameInFile"]): Promise<Map<string, tf.Tensor>> {
  const found = new Map<string, tf.Tensor>();
  try {
    for (const { name, layout, leaves } of placed) {
      const { dtype, shape, read } = entries[nameInFile(name)];
      const stored = toTensor({ dtype, shape, data: await read() });
      const parts = leavesFromStored(layout, stored, leaves.map((leaf) => leaf.shape));
      stored.dispose();
      for (const [index, { path }] of leaves.entries()) found.set(path, parts[index]);
    }
    return found;
  } catch (error) {
    for (const tensor of found.values()) tensor.dispose();
    throw error;
  }
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no entries" : `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""}`;
}
