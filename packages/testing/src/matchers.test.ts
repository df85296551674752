import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { expectClose } from "./close.ts";
import { checkGradient } from "./gradient.ts";
import { expectNoLeak } from "./leak.ts";

describe("expectClose", () => {
  test("accepts equal values of every kind, and one number as [] or [1]", () => {
    const tensor = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
    expectClose(tensor, { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] });
    expectClose(tensor, [1, 2, 3, 4, 5, 6]);
    expectClose(7, { shape: [1], data: Float32Array.of(7) });
    expectClose([Infinity], [Infinity]);
    expectClose([], []);
    tensor.dispose();
  });

  test("the tolerance is the larger of absolute and relative times the largest expected value", () => {
    expectClose([0.09, 100], [0, 100], { relative: 1e-3 });
    expectClose([0.09, 100], [0, 100], { relative: 1e-9, absolute: 0.1 });
    expect(() => expectClose([0.11, 100], [0, 100], { relative: 1e-3 })).toThrow(
      new Error("expectClose(actual): expected 0 at [0], got 0.11: off by 1.10e-1, allowed 1.00e-1 of a largest |expected| of 100.0."),
    );
  });

  test("the worst element is named by its index, and NaN is worse than anything", () => {
    const expected = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    expect(() => expectClose([1, 2, 3.5, 4, 5, 8], expected)).toThrow(/expected 6 at \[1, 2\], got 8: off by 2.00e\+0/);
    expect(() => expectClose([1, NaN, 3, 4, 5, 8], expected)).toThrow(/expected 2 at \[0, 1\], got NaN/);
  });

  test("another shape or count is refused", () => {
    const message = "expectClose(actual): expected shape [3,2], got [2,3]. Reshape one of them.";
    expect(() => expectClose({ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }, { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] })).toThrow(new Error(message));
    expect(() => expectClose([1, 2], [1, 2, 3])).toThrow(new Error("expectClose(actual): expected shape [3], got [2]. Reshape one of them."));
  });
});

describe("checkGradient", () => {
  const inputs = [tf.randomNormal<tf.Rank.R2>([3, 5], 0, 1, "float32", 1), tf.randomNormal<tf.Rank.R2>([5, 2], 0, 1, "float32", 2)] as const;
  afterAll(() => tf.dispose([...inputs]));
  /** The product x y, whose gradient with respect to x is off by a factor. */
  const product = (factor: number) =>
    tf.customGrad((x, y) => ({
      value: tf.sin(tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D)),
      gradFunc: (dy: tf.Tensor) => {
        const inner = tf.mul(dy, tf.cos(tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D))) as tf.Tensor2D;
        return [tf.mul(tf.matMul(inner, y as tf.Tensor2D, false, true), factor), tf.matMul(x as tf.Tensor2D, inner, true)];
      },
    }));

  test("accepts the right gradient and leaves no tensor behind", () => {
    expectNoLeak(() => checkGradient(product(1), inputs));
  });

  test.for([1.01, 0.99, -1, 0])("refuses one that is %d times the right one, and names the input", (factor) => {
    expect(() => checkGradient(product(factor), inputs)).toThrow(/^checkGradient\(f\): expected derivative .* of input 0, got /);
  });

  test("refuses a gradient that stops: the input is used and has none", () => {
    const stopped = tf.customGrad((x) => ({ value: tf.square(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) }));
    expect(() => checkGradient((x: tf.Tensor2D) => stopped(x), [inputs[0]])).toThrow(/expected derivative .* got 0: off by/);
  });

  test("accepts sin(10 x), where differences of second order alone would be off by 0.4 % of v^2", () => {
    checkGradient((x: tf.Tensor2D) => tf.sin(tf.mul(x, 10)), [inputs[0]]);
  });

  test("accepts an input that is not used", () => {
    checkGradient((x: tf.Tensor2D, _unused: tf.Tensor2D) => tf.exp(tf.mul(x, 0.3)), inputs);
  });
});

describe("expectNoLeak", () => {
  test("accepts what is returned, at once or later, and a cache that fills the first time", async () => {
    const cache = new Map<string, tf.Tensor>();
    const cached = (): tf.Tensor => {
      if (!cache.has("one")) cache.set("one", tf.keep(tf.scalar(1)));
      return tf.add(cache.get("one") as tf.Tensor, 1);
    };
    expectNoLeak(() => tf.tidy(cached));
    expectNoLeak(() => ({ list: [tf.scalar(1)], named: { two: tf.scalar(2) } }));
    await expectNoLeak(async () => tf.scalar(3));
    tf.dispose([...cache.values()]);
  });

  test("counts what is left behind, at once or later", async () => {
    const left: tf.Tensor[] = [];
    const leak = () => void left.push(tf.scalar(1), tf.scalar(2));
    expect(() => expectNoLeak(leak)).toThrow(new Error("expectNoLeak(f): expected no tensor left, got 2. Wrap the work in tf.tidy."));
    await expect(expectNoLeak(async () => leak())).rejects.toThrow(
      new Error("expectNoLeak(f): expected no tensor left, got 2. Wrap the work in tf.tidy."),
    );
    tf.dispose(left);
  });

  test("notices a disposed input", () => {
    const inputs = [tf.scalar(1), tf.scalar(2), tf.scalar(3)];
    expect(() => expectNoLeak(() => inputs.pop()?.dispose())).toThrow(
      new Error("expectNoLeak(f): expected inputs untouched, got 1 disposed. Return copies, never inputs."),
    );
    tf.dispose(inputs);
  });
});
