import * as tf from "@tensorflow/tfjs-core";

export type GradientCheck = {
  /** Allowed error of a directional derivative, relative to the norm of the gradient. Default 2e-3. */
  relative?: number;
  /** Step along a direction of unit-normal entries. Default 2^-6: see checkGradient. */
  step?: number;
  /** Random directions per input. Default 3. */
  directions?: number;
};

/**
 * Throws where the gradient of `f` with respect to one of its inputs differs from finite differences.
 *
 * The output (any shape) is contracted with a fixed random cotangent c; for each input x and random
 * direction v, the analytic sum(dx * v) is compared with the derivative of sum(f(x + t v) * c) at 0
 * by central differences at h and 2h, combined so that the error is of order h^4. The contraction
 * runs in float64 and v is what float32 made of the step, so the noise is that of `f` alone: about
 * 1e-7 / h relative. Inputs should be of order 1 and away from kinks.
 */
export function checkGradient<Inputs extends tf.Tensor[]>(
  f: (...inputs: Inputs) => tf.Tensor,
  inputs: readonly [...Inputs],
  { relative = 2e-3, step = 2 ** -6, directions = 3 }: GradientCheck = {},
): void {
  tf.tidy(() => {
    const shape = f(...inputs).shape;
    const cotangent = tf.randomNormal(shape, 0, 1, "float32", 1);
    const { grads } = tf.engine().gradients(() => f(...inputs), [...inputs], cotangent, true);
    for (const [index, input] of inputs.entries()) {
      // Null where f does not use the input, whatever the type says.
      const gradient = grads[index]?.dataSync() ?? new Float32Array(input.size);
      const allowed = relative * Math.sqrt(dot(gradient, gradient));
      for (let seed = 2; seed < 2 + directions; seed++) {
        const direction = tf.randomNormal(input.shape, 0, 1, "float32", 1000 * index + seed);
        const along = (t: number) => alongDirection(f, inputs, index, direction, cotangent, t, gradient);
        const near = along(step);
        const far = along(2 * step);
        const error = Math.abs((4 * (near.finite - near.analytic) - (far.finite - far.analytic)) / 3);
        if (!(error <= allowed)) {
          throw new Error(
            `checkGradient(f): expected derivative ${near.finite} along direction ${seed - 2} of input ${index}, ` +
              `got ${near.analytic}: off by ${error.toExponential(2)}, allowed ${allowed.toExponential(2)}.`,
          );
        }
      }
    }
  });
}

function alongDirection<Inputs extends tf.Tensor[]>(
  f: (...inputs: Inputs) => tf.Tensor,
  inputs: readonly [...Inputs],
  index: number,
  direction: tf.Tensor,
  cotangent: tf.Tensor,
  t: number,
  gradient: ArrayLike<number>,
): { finite: number; analytic: number } {
  return tf.tidy(() => {
    const ahead = tf.add(inputs[index], tf.mul(direction, t));
    const behind = tf.sub(inputs[index], tf.mul(direction, t));
    const outputAt = (x: tf.Tensor) => f(...(inputs.map((input, i) => (i === index ? x : input)) as Inputs)).dataSync();
    const moved = difference(ahead.dataSync(), behind.dataSync());
    const changed = difference(outputAt(ahead), outputAt(behind));
    return { finite: dot(changed, cotangent.dataSync()) / (2 * t), analytic: dot(moved, gradient) / (2 * t) };
  });
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from(a, (value, i) => value - b[i]);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
