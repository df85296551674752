import type { CocoResult } from "@flexivit/annotations";
import type { EvaluationOptions, Framing, MapBatch, Maps, Normalisation, ObjectBatch, ScaleCrop } from "@flexivit/data";
import type { DenseMaps } from "@flexivit/depth";
import type { DetectionTargets, Predictions } from "@flexivit/detect";
import type { Features, SizePx } from "@flexivit/features";
import type { Losses } from "@flexivit/train";
import type { VitConfig } from "@flexivit/vit";
import type * as tf from "@tensorflow/tfjs-core";
import type { EvaluateOptions, Meter } from "../evaluation-pass.ts";
import type { HeadConfigs, HeadParams, HeadTask, LossOptions, TaskInfo, TaskPredictions, TaskSources } from "./task-model.ts";

/** Batches as the readers of `@flexivit/data` give them. */
export type TaskBatches = { detect: ObjectBatch; segment: MapBatch<"labels">; depth: MapBatch<"depth"> & Partial<Pick<Maps, "normals">> };

/** What a loss compares outputs with: the tensors of a batch beside its images. */
export type TaskTargets = { detect: DetectionTargets; segment: { labels: tf.Tensor3D }; depth: { depth: tf.Tensor3D; normals?: tf.Tensor4D } };

/** What a head says of a batch, before it is decoded. */
export type TaskOutputs = { detect: Predictions; segment: tf.Tensor4D; depth: DenseMaps };

/** How a training batch is read. */
export type ReadOptions = { seed: number; batchSize: number; imageSize: number; framing: Framing | ScaleCrop; normalisation?: Normalisation };

export type TaskEvaluateOptions = EvaluateOptions & {
  /**
   * Where a class, a depth or a normal per pixel is compared: `pictures`, unless given, in pixels of the pictures as they are,
   * as figures are published; `input` in those that the model sees, which is cheap enough for while it is trained. Objects are
   * always compared in the pictures.
   */
  pixels?: "input" | "pictures";
  /** Told what a detector found in each batch, as COCO result files hold it. Where no picture has an object, there are no figures then. */
  onDetections?: (results: readonly CocoResult[]) => void;
};

export type PredictOptions = {
  /** Of a detector: detections below it are left out; 0.05 unless given. */
  scoreThreshold?: number;
};

/** A task as one value: what training, evaluation, prediction and the file format have to know of it. */
export type TaskDefinition<T extends HeadTask> = {
  /** Fresh weights of a head; throws where its config is impossible. */
  init: (config: HeadConfigs[T], seed: number) => HeadParams[T];
  /** Throws where a backbone is not what the head's config speaks of. */
  check?: (config: HeadConfigs[T], vit: VitConfig) => void;
  /** Names of the blocks of the backbone that the head looks at, beside its last tokens. */
  blocks: (config: HeadConfigs[T]) => readonly string[];
  /** What the model keeps of its source; throws where source and head do not fit, naming the function `where`. */
  describe: (source: TaskSources[T], config: HeadConfigs[T], where: string) => Pick<TaskInfo<T>, "classes" | "categoryIds">;
  /** Part `at` of a training, counted over all steps. */
  read: (source: TaskSources[T], at: number, options: ReadOptions) => Promise<TaskBatches[T]>;
  /** All pictures in order, each once. */
  readAll: (source: TaskSources[T], options: EvaluationOptions) => AsyncIterable<TaskBatches[T]>;
  /** The tensors that the loss compares with; `cells` are those per side at the finest patch size. */
  targets: (batch: TaskBatches[T], config: HeadConfigs[T], cells: SizePx) => TaskTargets[T];
  outputs: (params: HeadParams[T], config: HeadConfigs[T], features: Features, sizePx: SizePx) => TaskOutputs[T];
  loss: (outputs: TaskOutputs[T], targets: TaskTargets[T], config: HeadConfigs[T], options: LossOptions[T]) => Losses;
  /** Gathers the outputs of one evaluation of `source`. */
  meter: (source: TaskSources[T], config: HeadConfigs[T], options: TaskEvaluateOptions) => Meter<TaskOutputs[T], TaskBatches[T]>;
  /** The same in pixels of the pictures as they are, where `meter` counts those of the input; the truth is read by the meter. */
  inPictures?: {
    readAll: (source: TaskSources[T], options: EvaluationOptions) => AsyncIterable<MapBatch<never>>;
    meter: (source: TaskSources[T], config: HeadConfigs[T]) => Meter<TaskOutputs[T], MapBatch<never>>;
  };
  /** One per picture, in pixels of the images. */
  predict: (outputs: TaskOutputs[T], config: HeadConfigs[T], sizePx: SizePx, options: PredictOptions) => Promise<TaskPredictions[T][]>;
};
