import type { PatchScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { checkSource, evaluationPass, type EvaluateOptions, type Evaluation } from "../evaluation-pass.ts";
import { tasks } from "./all-tasks.ts";
import type { TaskBatches } from "./task-definition.ts";
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
 * @throws where the source has other classes, channels or maps than the model, nothing to compare with, or the scheme does
 *   not fit the pictures.
 */
export async function evaluateTask<T extends HeadTask>({ params, info }: TaskModel<T>, source: TaskSources[T], scheme: PatchScheme, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { batchSize = 8, remainder } = options;
  const { imageSizePx, framing, normalisation, head } = info;
  const task = tasks[info.task];
  checkSource(info, source, "evaluateTask");
  task.describe(source, head, "evaluateTask"); // refuses maps that are missing
  return evaluationPass(
    {
      batches: task.readAll(source, { batchSize, imageSize: imageSizePx, framing, normalisation }),
      outputs: ({ images, shape }: TaskBatches[T]) => taskOutputs(params, info, tf.tensor4d(images, shape), { scheme, remainder }),
      meter: task.meter(source, head),
      pictures: source.size,
      imageSizePx,
    },
    scheme,
    options,
  );
}
