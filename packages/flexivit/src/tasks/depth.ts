import { mapBatchAt, mapEvaluationBatches, type MapSource } from "@flexivit/data";
import { dense, denseLoss, initDense, type DenseConfig } from "@flexivit/depth";
import type { VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { depthMeter, depthMeterInPictures } from "./depth-meter.ts";
import type { TaskDefinition } from "./task-definition.ts";
import type { TaskSources } from "./task-model.ts";

/** A depth for every pixel, a surface normal, or both. */
export const depthTask: TaskDefinition<"depth"> = {
  init: initDense,
  check: checkBackbone,
  blocks: headBlocks,
  describe(source, config, where) {
    requireMaps(source, config, where);
    return { classes: [] };
  },
  read: (source, at, options) => mapBatchAt(withBoth(source), at, options),
  readAll: (source, options) => mapEvaluationBatches(withBoth(source), options),
  targets({ depth, normals, shape: [batch, height, width] }, config) {
    const wanted = config.normals && normals;
    return { depth: tf.tensor3d(depth, [batch, height, width]), ...(wanted && { normals: tf.tensor4d(wanted, [batch, height, width, 3]) }) };
  },
  outputs: dense,
  loss: (maps, targets, _config, options) => denseLoss(maps, targets, options),
  meter: (_source, config) => depthMeter(config),
  inPictures: {
    readAll: (source, options) => mapEvaluationBatches(withBoth(source), { ...options, kinds: [] }),
    meter: (source, config) => depthMeterInPictures(withBoth(source), config),
  },
  async predict({ depth, normals }, _config, [height, width]) {
    const [depths, vectors] = await Promise.all([depth?.data(), normals?.data()]);
    const part = (values: ArrayLike<number> | undefined, i: number, channels: number): Float32Array | undefined =>
      values && (values as Float32Array).slice(i * height * width * channels, (i + 1) * height * width * channels);
    return Array.from({ length: (depth ?? normals)!.shape[0] }, (_, i) => ({
      ...(depths && { depth: part(depths, i, 1) }),
      ...(vectors && { normals: part(vectors, i, 3) }),
    }));
  },
};

function headBlocks({ blocks }: DenseConfig): string[] {
  return blocks.filter((name) => name !== "tokens");
}

function checkBackbone(config: DenseConfig, { depth, classToken }: VitConfig): void {
  const known = Array.from({ length: depth }, (_, index) => String(index));
  const unknown = headBlocks(config).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`checkTaskRecipe(head.blocks): expected some of ${known.join(", ")}, tokens, got "${unknown}". Name blocks by their index, from 0.`);
  const isLast = classToken?.at === "last";
  if ((config.classTokenLast ?? false) === isLast) return;
  throw new Error(`checkTaskRecipe(head.classTokenLast): expected ${isLast}, as the backbone has it, got ${!isLast}. Set it so.`);
}

/** Readers ask a source for the kinds that it has, so one without normals is read as one that has them. */
const withBoth = (source: TaskSources["depth"]): MapSource<"depth" | "normals"> => source as MapSource<"depth" | "normals">;

function requireMaps({ kinds }: TaskSources["depth"], { depth, normals }: DenseConfig, where: string): void {
  const wanted = [...(depth ? ["depth"] : []), ...(normals ? ["normals"] : [])];
  const missing = wanted.find((kind) => !(kinds as readonly string[]).includes(kind));
  if (missing === undefined) return;
  throw new Error(`${where}(head.${missing}): expected one of ${kinds.join(", ")}, as the data has, got ${missing}. Leave it out of the head, or add such maps to the data.`);
}
