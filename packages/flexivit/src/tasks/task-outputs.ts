import { vit, type VitOptions } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { tasks } from "./all-tasks.ts";
import type { TaskOutputs } from "./task-definition.ts";
import type { HeadTask, TaskInfo, TaskParams } from "./task-model.ts";

/**
 * What a task model says of pictures at a patch scheme, before it is decoded.
 *
 * @param images [batch, height, width, channels], scaled as the model takes them
 * @throws what `vit` and the head throw where weights, config and pictures do not fit together.
 */
export function taskOutputs<T extends HeadTask>(
  { backbone, head }: TaskParams<T>,
  info: Pick<TaskInfo<T>, "task" | "vit" | "head">,
  images: tf.Tensor4D,
  options: Omit<VitOptions, "blocks">,
): TaskOutputs[T] {
  const task = tasks[info.task];
  return tf.tidy(() => {
    const features = vit(backbone, info.vit, images, { ...options, blocks: task.blocks(info.head) });
    return task.outputs(head, info.head, features, [images.shape[1], images.shape[2]]);
  });
}
