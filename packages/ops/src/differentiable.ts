import * as tf from "@tensorflow/tfjs-core";

/** Keeps tensors of the forward pass for the backward pass; does nothing when no gradient is recorded. */
export type Save = (tensors: tf.Tensor[]) => void;

/**
 * Runs `forward` as one operation whose gradient is the closed form `backward`.
 *
 * `backward` gets the gradient of the result and what `forward` saved, and returns one gradient per input, in order.
 * It must return tensors of its own, never `dy` or a saved tensor themselves: their owner frees those.
 */
export function differentiable<T extends tf.Tensor>(
  inputs: tf.Tensor[],
  forward: (save: Save) => T,
  backward: (dy: T, saved: tf.Tensor[]) => tf.Tensor[],
): T {
  const operation = tf.customGrad<T>((...inputsAndSave) => {
    const save = inputsAndSave.at(-1) as Save;
    return {
      value: forward(save),
      gradFunc: (dy: T, saved: tf.Tensor[]) => tf.tidy(() => backward(dy, saved)),
    };
  });
  return operation(...inputs);
}
