import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { disposeTree } from "./dispose.ts";
import { initParams, normal } from "./init.ts";
import { type Outputs, valueAndGradients } from "./gradients.ts";
import { under } from "./select.ts";
import { leaves, mapLeaves } from "./tree.ts";
import { zipLeaves } from "./zip.ts";

type Save = (tensors: tf.Tensor[]) => void;
type Params = { a: tf.Tensor2D; b: tf.Tensor2D; bias: tf.Tensor1D; unused: tf.Tensor1D };

let params: Params;
beforeEach(() => {
  params = initParams<Params>(
    { a: normal([2, 3], 1), b: normal([3, 5], 1), bias: normal([5], 1), unused: normal([7], 1) },
    3,
  );
});
afterEach(() => tf.dispose(params));

const double = tf.customGrad((x, save) => {
  (save as Save)([x as tf.Tensor]);
  return { value: tf.mul(x as tf.Tensor, 2), gradFunc: (dy: tf.Tensor) => tf.mul(dy, 2) };
});
/** A gradient function that hands back the very tensor it was given. */
const passThrough = tf.customGrad((x) => ({ value: tf.add(x as tf.Tensor, 1), gradFunc: (dy: tf.Tensor) => dy }));
/** One tensor as the gradient of both inputs. */
const sharedGradient = tf.customGrad((x, y) => ({
  value: tf.add(x as tf.Tensor, y as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => {
    const both = tf.mul(dy, 3);
    return [both, both];
  },
}));

const mean = (x: tf.Tensor) => tf.mean<tf.Scalar>(x);
const graphs: Record<string, (params: Params) => tf.Scalar> = {
  "a product with a broadcast bias": ({ a, b, bias }) => mean(tf.square(tf.add(tf.matMul(a, b), bias))),
  "a diamond: one tensor read by four operations": ({ a, b }) => {
    const x = tf.matMul(a, b);
    return mean(tf.add(tf.mul(x, tf.sin(x)), tf.mul(tf.square(x), x)));
  },
  "a leaf read in three places": ({ a, b }) => mean(tf.mul(tf.matMul(a, b), tf.sum(tf.mul(a, a)))),
  "slices, concat, transpose and reshape": ({ a, b }) => {
    const [left, right] = tf.split(tf.transpose(b), [2, 3], 0);
    const joined = tf.concat([tf.slice(a, [0, 1], [2, 2]), tf.reshape(left, [3, 2]), tf.slice(right, [0, 0], [3, 2])], 0);
    return mean(tf.square(joined));
  },
  "one of several outputs": ({ b }) => mean(tf.square(tf.unstack(b)[1])),
  "custom gradients that save, pass through and share": ({ a, b }) => {
    const x = double(passThrough(a)) as tf.Tensor2D;
    return mean(tf.square(tf.matMul(sharedGradient(x, tf.mul(a, x)) as tf.Tensor2D, b)));
  },
  "a gradient inside of the function": ({ a, b }) => {
    const slope = tf.grad((x) => tf.sum(tf.mul(tf.square(x), x)))(tf.matMul(a, b));
    return mean(tf.square(slope));
  },
  "a custom gradient that passes through, in a chain": ({ a, b }) => mean(tf.square(passThrough(tf.matMul(a, b)))),
  "a custom gradient that both inputs share, each read on": ({ a }) => mean(tf.square(sharedGradient(tf.sin(a), tf.cos(a)))),
  "a gradient inside of the function, with respect to a constant": ({ a }) =>
    mean(tf.mul(a, tf.grad((x) => tf.sum(tf.mul(tf.square(x), x)))(tf.tensor1d([1, 2, 3])))),
  "a loss that depends on no leaf": () => tf.scalar(5),
  "a loss that is a leaf's own sum": ({ bias }) => tf.sum(bias),
};

describe("valueAndGradients", () => {
  test("a single scalar leaf as the loss has gradient 1", () => {
    const x = tf.scalar(4);
    const { value, gradients } = valueAndGradients((tree: { x: tf.Scalar }) => tf.mul<tf.Scalar>(tree.x, 1), { x });
    expectClose(value, 4);
    expectClose(gradients.x, 1);
    tf.dispose([x, value]);
    disposeTree(gradients);
  });

  test("the gradient of sum(x^2) is 2x", () => {
    const { value, gradients } = valueAndGradients(({ a }: Params) => tf.sum<tf.Scalar>(tf.square(a)), params);
    tf.tidy(() => expectClose(gradients.a, tf.mul(params.a, 2)));
    tf.dispose(value);
    disposeTree(gradients);
  });

  test.for(Object.keys(graphs))("equals the engine's own gradients: %s", (name) => {
    tf.tidy(() => {
      const tensors = leaves(params).map(({ tensor }) => tensor);
      const reference = tf.engine().gradients(() => graphs[name](params), tensors, undefined, true);
      const { value, gradients } = valueAndGradients(graphs[name], params);
      expectClose(value, reference.value);
      for (const [index, { path, tensor }] of leaves(gradients).entries()) {
        // The same kernels in the same order: only sums over several uses may be in another order.
        expectClose(tensor, reference.grads[index] ?? tf.zerosLike(tensor), { relative: 1e-6 });
        expect(`${path} ${tensor.shape}`).toBe(`${path} ${tensors[index].shape}`);
      }
    });
  });

  test.for(Object.keys(graphs))("leaves no tensor behind: %s", (name) => {
    expectNoLeak(() => valueAndGradients(graphs[name], params));
  });

  test("agrees with finite differences along the gradient itself, through a diamond", () => {
    const f = graphs["a diamond: one tensor read by four operations"];
    const { gradients, value } = valueAndGradients(f, params);
    tf.tidy(() => {
      const step = 1e-3;
      const movedBy = (t: number): Params => zipLeaves([params, gradients], ([x, dx]) => tf.add(x, tf.mul(dx, t)));
      const [ahead, behind] = [step, -step].map((t) => f(movedBy(t)).dataSync()[0]);
      const squaredNorm = leaves(gradients).reduce((sum, { tensor }) => sum + tf.sum(tf.square(tensor)).dataSync()[0], 0);
      // Central difference: an error of order step^2, and 1e-7 / step of rounding.
      expectClose((ahead - behind) / (2 * step), squaredNorm, { relative: 2e-3 });
    });
    tf.dispose(value);
    disposeTree(gradients);
  });

  test("named outputs come back and are no part of the loss", () => {
    const { value, gradients } = valueAndGradients(
      ({ a }: Params) => ({ loss: tf.sum<tf.Scalar>(a), doubled: tf.mul(a, 2), nested: { total: tf.sum(a) } }),
      params,
    );
    tf.tidy(() => {
      expectClose(value.doubled, tf.mul(params.a, 2));
      expectClose(value.nested.total, value.loss);
      expectClose(gradients.a, tf.ones([2, 3]));
    });
    tf.dispose(value);
    disposeTree(gradients);
  });

  test("a constant that a gradient function keeps for itself stays its own", () => {
    let kept: tf.Tensor | undefined;
    const sum = tf.customGrad((x) => ({
      value: tf.sum(x as tf.Tensor),
      gradFunc: () => (kept ??= tf.keep(tf.ones((x as tf.Tensor).shape))),
    }));
    for (const call of ["the first, which makes the constant", "the second"]) {
      const { value, gradients } = valueAndGradients(({ a }: Params) => sum(a) as tf.Scalar, params);
      tf.dispose(value);
    disposeTree(gradients);
      expect(`${call}: ${kept?.isDisposed}`).toBe(`${call}: false`);
    }
    tf.dispose(kept as tf.Tensor);
  });

  test("with a selection the other leaves are constants without a gradient", () => {
    const { value, gradients } = valueAndGradients(graphs["a product with a broadcast bias"], params, under("b", "bias"));
    const whole = valueAndGradients(graphs["a product with a broadcast bias"], params);
    expect(leaves(gradients).map(({ path }) => path)).toEqual(["b", "bias"]);
    for (const { path, tensor } of leaves(gradients)) expectClose(tensor, whole.gradients[path as "b" | "bias"]);
    tf.dispose([value, whole.value]);
    disposeTree(gradients, whole.gradients);
  });
});

describe("memory of valueAndGradients", () => {
  /** 10 layers on 64 KiB activations; `sample` sees the memory inside each gradient function. */
  const chain = (weights: tf.Tensor[], sample: () => void): tf.Scalar => {
    const layer = tf.customGrad((x, weight, save) => {
      const [input, factor] = [x as tf.Tensor, weight as tf.Tensor];
      (save as Save)([input, factor]);
      return {
        value: tf.mul(input, factor),
        gradFunc: (dy: tf.Tensor, [input, factor]: tf.Tensor[]) => {
          sample();
          return [tf.mul(dy, factor), tf.mul(dy, input)];
        },
      };
    });
    return mean(weights.reduce((x, weight) => layer(x, weight), tf.ones([128, 128]) as tf.Tensor));
  };
  const drawWeights = () => {
    const spec = Array.from({ length: 10 }, () => normal([128, 128], 1));
    return initParams<tf.Tensor[]>(spec, 1);
  };
  const peakOf = (run: (sample: () => void) => void): number => {
    const before = tf.memory().numBytes;
    let peak = 0;
    tf.tidy(() => run(() => {
      peak = Math.max(peak, tf.memory().numBytes - before);
    }));
    return peak;
  };

  test("the peak of a 10-layer chain stays at the forward's and under 60 % of the engine's own", () => {
    const weights = drawWeights();
    const activation = 128 * 128 * 4;
    const ours = peakOf((sample) => void valueAndGradients((tree: tf.Tensor[]) => chain(tree, sample), weights));
    const theirs = peakOf((sample) => void tf.engine().gradients(() => chain(weights, sample), weights));
    // At the first step back: input and weight of 10 layers, and the gradient that comes in.
    expect(ours / activation).toBeLessThan(22);
    expect(ours / theirs).toBeLessThan(0.6);
    tf.dispose(weights);
  });

  test("what a frozen part saved is gone before the backward starts", () => {
    const weights = drawWeights();
    const activation = 128 * 128 * 4;
    const frozen = peakOf((sample) =>
      void valueAndGradients((tree: tf.Tensor[]) => chain(tree, sample), weights, (path) => path === "9"));
    // The last layer's input and weight, their saved twins are the same data, and the incoming gradient.
    expect(frozen / activation).toBeLessThan(4);
    tf.dispose(weights);
  });
});

describe("valueAndGradients refuses", () => {
  const message = (f: (params: Params) => unknown): string => {
    try {
      tf.dispose(valueAndGradients(f as (params: Params) => Outputs, params) as unknown as tf.TensorContainer);
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  };

  test("a loss that is no scalar", () => {
    expect(message(({ a }) => tf.square(a))).toBe(
      "valueAndGradients(f): expected a loss that is float32 of shape [], got float32 of shape [2,3]. Reduce it with tf.mean or tf.sum.",
    );
  });

  test("a function without a loss", () => {
    expect(message(() => ({}))).toBe(
      "valueAndGradients(f): expected a loss that is float32 of shape [], got undefined. Reduce it with tf.mean or tf.sum.",
    );
  });

  test("an operation without a gradient, by its name", () => {
    expect(message(({ a }) => tf.sum(tf.topk(a, 1).values))).toBe(
      "valueAndGradients(f): expected operations with a gradient, got TopK, which has none. " +
        "Register the gradients (useEngine does), or wrap the operation in tf.customGrad.",
    );
  });

  test("a gradient of the wrong shape", () => {
    const wrong = tf.customGrad((x) => ({ value: tf.sum(x as tf.Tensor), gradFunc: () => tf.ones([3, 2]) }));
    expect(message(({ a }) => wrong(a))).toMatch(
      /^valueAndGradients\(f\): expected a gradient of shape \[2,3\] for input "0" of .*, got \[3,2\]. Correct its gradient function.$/,
    );
  });

  test("one tensor at two leaves", () => {
    expect(() => valueAndGradients(({ x }) => tf.sum<tf.Scalar>(x), { x: params.a, y: [params.a] })).toThrow(
      new Error(
        'valueAndGradients(params): expected a tensor of its own at each leaf, got one tensor at "x" and "y/0". ' +
          "Keep one leaf and use it twice in f.",
      ),
    );
  });

  test("a call inside of another gradient", () => {
    expect(message((tree) => valueAndGradients(({ a }: Params) => tf.sum<tf.Scalar>(a), tree).value)).toBe(
      "valueAndGradients(f): expected a call outside of any gradient, got one from inside. Use tf.grads there.",
    );
  });

  test("a call inside of a custom operation", () => {
    const operation = tf.customGrad((x) => {
      const { value } = valueAndGradients((tree: { x: tf.Tensor }) => tf.sum<tf.Scalar>(tree.x), { x: x as tf.Tensor });
      return { value, gradFunc: (dy: tf.Tensor) => dy };
    });
    expect(() => operation(params.a)).toThrow(
      new Error("valueAndGradients(f): expected a call outside of any gradient, got one from inside. Use tf.grads there."),
    );
  });

  test("and after an error no tensor is left and the next call is right", () => {
    const failing: ((params: Params) => unknown)[] = [
      ({ a, b }) => {
        tf.square(tf.matMul(a, b));
        throw new Error("in the middle");
      },
      ({ a }) => tf.square(a),
      ({ a, b }) => tf.sum(tf.topk(tf.matMul(a, tf.square(b)), 1).values),
      ({ a, b }) => tf.add(tf.sum(tf.square(a)), tf.sum(tf.topk(b, 1).values)),
      // The gradient of `a` is final when the pass comes to TopK.
      ({ a, b }) => tf.add(tf.sum(tf.topk(b, 1).values), tf.sum(tf.square(a))),
    ];
    for (const f of failing) {
      expectNoLeak(() => message(f));
      const { value, gradients } = valueAndGradients(({ bias }: Params) => tf.sum<tf.Scalar>(bias), params);
      expectClose(gradients.bias, [1, 1, 1, 1, 1]);
      tf.dispose(value);
    disposeTree(gradients);
      expectNoLeak(() => tf.square(params.a)); // Nothing is saved any more: the tape is off.
    }
  });
});

test("mapLeaves over gradients keeps the structure of the parameters", () => {
  const { value, gradients } = valueAndGradients(({ a }: Params) => tf.sum<tf.Scalar>(a), params);
  const halved = mapLeaves(gradients, (tensor) => tf.div(tensor, 2));
  expectClose(halved.a, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  expectClose(halved.unused, [0, 0, 0, 0, 0, 0, 0]);
  tf.dispose(value);
  disposeTree(gradients, halved);
});
