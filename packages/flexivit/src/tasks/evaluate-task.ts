import type { Batch } from "@flexivit/data";
import type { PatchScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { checkSource, evaluationPass, type Evaluation } from "../evaluation-pass.ts";
import { tasks } from "./all-tasks.ts";
import type { TaskEvaluateOptions } from "./task-definition.ts";
import type { HeadTask, TaskModel, TaskSources } from "./task-model.ts";
import { taskOutputs } from "./task-outputs.ts";

/**
 * The figures of a task model at one patch scheme over all pictures of a source.
 *
 * detect: COCO's numbers in pixels of the pictures as they are, `AP`, `AP50`, ..., `AR100`, and `maskAP`, ... where there are
 * masks; sizes that no object has are left out. segment: `meanIou`, `pixelAccuracy`, `meanAccuracy`. depth: `rmse` in metres,
 * `absRel`, `log10`, `delta1` to `delta3`, `silog`; with normals `normalMean` and `normalMedian` in degrees,
 * `normalWithin11`, `normalWithin22`, `normalWithin30`. Shares are from 0 to 1.
 *
 * Scores of classes, depths and normals are resized to the picture by straight lines, without
 * antialias, and compared with the maps as they are, one picture at a time. Pixels that the model's framing cuts off do not
 * count; "squash" cuts off none. With `pixels: "input"`, maps are cut and resized like the picture and compared there.
 *
 * @throws where the source has other classes, channels or maps than the model, nothing to compare with, or the scheme does
 *   not fit the pictures, and where a model that is no detector is to tell detections.
 * Source: MMSegmentation, which resizes logits like this before it takes the best class.
 */
export async function evaluateTask<T extends HeadTask>({ params, info }: TaskModel<T>, source: TaskSources[T], scheme: PatchScheme, options: TaskEvaluateOptions = {}): Promise<Evaluation> {
  const { batchSize = 8, remainder, pixels = "pictures", onDetections } = options;
  const { imageSizePx, framing, normalisation, head } = info;
  const task = tasks[info.task];
  if (onDetections && info.task !== "detect") throw new Error(`evaluateTask(onDetections): expected a model of detect with it, got one of ${info.task}. Leave it out.`);
  checkSource(info, source, "evaluateTask");
  task.describe(source, head, "evaluateTask"); // refuses maps that are missing
  const reading = { batchSize, imageSize: imageSizePx, framing, normalisation };
  const outputs = ({ images, shape }: Pick<Batch, "images" | "shape">) => taskOutputs(params, info, tf.tensor4d(images, shape), { scheme, remainder });
  const pass = { outputs, pictures: source.size, imageSizePx };
  if (pixels === "input" || !task.inPictures) {
    return evaluationPass({ ...pass, batches: task.readAll(source, reading), meter: task.meter(source, head, options) }, scheme, options);
  }
  const { readAll, meter } = task.inPictures;
  return evaluationPass({ ...pass, batches: readAll(source, reading), meter: meter(source, head) }, scheme, options);
}
