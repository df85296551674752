import type { EvaluationFraming, MapSource, Normalisation, ObjectSource } from "@flexivit/data";
import type { DenseConfig, DenseLossOptions, DenseParams } from "@flexivit/depth";
import type { Detection, DetectionLossOptions, DetectorConfig, DetectorParams } from "@flexivit/detect";
import type { SegmenterConfig, SegmenterParams } from "@flexivit/segment";
import type { VitConfig, VitParams } from "@flexivit/vit";

/** What a head on the tokens does: objects with boxes and masks, a class per pixel, depths and normals per pixel. */
export type HeadTask = "detect" | "segment" | "depth";

export type HeadConfigs = { detect: DetectorConfig; segment: SegmenterConfig; depth: DenseConfig };

export type HeadParams = { detect: DetectorParams; segment: SegmenterParams; depth: DenseParams };

/** What a task learns from: the sources of `@flexivit/data`. Depth sources may or may not have normals. */
export type TaskSources = { detect: ObjectSource; segment: MapSource<"labels">; depth: MapSource<"depth"> | MapSource<"depth" | "normals"> };

/** Options of a head's loss beyond its config; `dice` is what the Dice loss counts beside the cross-entropy, 0 unless given. */
export type LossOptions = {
  detect: Pick<DetectionLossOptions, "weights" | "noObjectWeight">;
  segment: { classWeights?: number[]; dice?: number };
  depth: Pick<DenseLossOptions, "depth" | "normals">;
};

/** What is said of one picture, in pixels of the model's input [height, width]: plain data. */
export type TaskPredictions = {
  /** Best first; boxes `xyxy`. */
  detect: Detection[];
  /** [height, width]: the most probable class of each pixel. */
  segment: Int32Array;
  /** `depth` [height, width] in the unit of the training; `normals` [height, width, 3], unit vectors. */
  depth: { depth?: Float32Array; normals?: Float32Array };
};

/** The trainable weights of a task model: a backbone and its head. */
export type TaskParams<T extends HeadTask = HeadTask> = { backbone: VitParams; head: HeadParams[T] };

/** What a task model needs beside its weights. Plain data: it is stored in the weights' file. */
export type TaskInfo<T extends HeadTask = HeadTask> = {
  task: T;
  vit: VitConfig;
  head: HeadConfigs[T];
  /** Names of the classes, in the order of the head's; none for depth. */
  classes: string[];
  /** Of a detector: per class, its id in the file that it learned from. */
  categoryIds?: number[];
  /** Height and width of the pictures that it takes. */
  imageSizePx: number;
  /** How a picture is cut to that size. */
  framing: EvaluationFraming;
  /** How its pixels are scaled; to [-1, 1] unless given. */
  normalisation?: Normalisation;
  /** Patch sizes it was trained at. */
  patchSizes: string[];
};

/** A backbone and the head of a task: pictures in, boxes or maps out, at any patch size. */
export type TaskModel<T extends HeadTask = HeadTask> = { params: TaskParams<T>; info: TaskInfo<T> };
