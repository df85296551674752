import type { PatchScheme, Remainder } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { tasks } from "./all-tasks.ts";
import type { PredictOptions } from "./task-definition.ts";
import type { HeadTask, TaskModel, TaskPredictions } from "./task-model.ts";
import { taskOutputs } from "./task-outputs.ts";

/**
 * What a task model finds in pictures at a patch scheme, one per picture, as plain data in pixels of the images.
 *
 * @param images [batch, height, width, channels], scaled as the model takes them
 * @throws where pictures, scheme and model do not fit together.
 */
export async function predictTask<T extends HeadTask>(
  { params, info }: TaskModel<T>,
  images: tf.Tensor4D,
  scheme: PatchScheme,
  { remainder, ...options }: PredictOptions & { remainder?: Remainder } = {},
): Promise<TaskPredictions[T][]> {
  const outputs = taskOutputs(params, info, images, { scheme, remainder });
  try {
    return await tasks[info.task].predict(outputs, info.head, [images.shape[1], images.shape[2]], options);
  } finally {
    tf.dispose(outputs);
  }
}
