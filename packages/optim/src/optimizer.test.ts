import * as tf from "@tensorflow/tfjs-core";
import type { ParamTree } from "@flexivit/params";
import { expectClose } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { adafactor, adamw, applyUpdates, type Optimizer, sgd } from "./index.ts";

const step = { count: 0, schedule: 1 };

describe("applyUpdates", () => {
  it("takes the old state: after it, only the new parameters and slots are left, leaf for leaf", () => {
    const before = tf.memory().numTensors;
    const params = { a: tf.ones([2, 3]), list: [tf.ones([5])] };
    const gradients = { a: tf.ones([2, 3]), list: [tf.ones([5])] };
    const first = applyUpdates(adamw({ learningRate: 0.1 }), { params, slots: {} }, gradients, step);
    expect(tf.memory().numTensors - before).toBe(6); // 2 leaves, each with mu and nu
    expect([params.a, params.list[0], gradients.a, gradients.list[0]].every((tensor) => tensor.isDisposed)).toBe(true);
    expect(first.params.list[0].shape).toEqual([5]);
    tf.dispose(first as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("holds one leaf's temporaries at a time: 40 equal leaves peak 1 leaf's work above the state, not 40", async () => {
    const leafBytes = 4 * 1000;
    const tree = () => Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`leaf${i}`, tf.ones([1000])]));
    const optimizer = adamw({ learningRate: 0.1 });
    let state = applyUpdates(optimizer, { params: tree() as ParamTree, slots: {} }, tree(), step);
    const gradients = tree();
    const held = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      state = applyUpdates(optimizer, state, gradients, { ...step, count: 1 });
      return [];
    });
    // Two new moments and the temporaries of one stage: 5.001 here, which the state of 40 leaves would not fit in.
    expect((peakBytes - held) / leafBytes).toBeLessThan(6);
    tf.dispose(state as tf.TensorContainer);
  });

  it("leaves a leaf without gradient as it is, the very tensor", () => {
    const params = { backbone: tf.ones([2]), head: tf.ones([3]) };
    const gradients = { backbone: undefined, head: tf.ones([3]) };
    const next = applyUpdates(sgd({ learningRate: 0.5 }), { params, slots: {} }, gradients, step);
    expect(next.params.backbone).toBe(params.backbone);
    expectClose(next.params.head, [0.5, 0.5, 0.5]);
    expect(next.slots).toEqual({ head: {} });
    tf.dispose(next as tf.TensorContainer);
  });

  it("keys slots by path, so an absent gradient does not shift another leaf's moments", () => {
    const optimizer = sgd({ learningRate: 1, momentum: 0.5 });
    let state = { params: { a: tf.zeros([2]), b: tf.zeros([3]) }, slots: {} as ParamTree };
    state = applyUpdates(optimizer, state, { a: tf.fill([2], 1), b: tf.fill([3], 10) }, step);
    state = applyUpdates(optimizer, state, { a: undefined, b: tf.fill([3], 10) }, step);
    expectClose(state.params.a, [-1, -1]);
    expectClose(state.params.b, [-25, -25, -25]); // -10, then -(5 + 10)
    tf.dispose(state as tf.TensorContainer);
  });

  it("keeps its results where the caller works inside a tidy", () => {
    const before = tf.memory().numTensors;
    const next = tf.tidy(() => {
      const state = { params: { a: tf.ones([2]) }, slots: {} };
      return applyUpdates(sgd({ learningRate: 1 }), state, { a: tf.ones([2]) }, step).params;
    });
    expectClose(next.a, [0, 0]);
    next.a.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a gradient of another shape or place and disposes nothing", () => {
    const params = { a: tf.ones([2, 3]) };
    const update = (gradients: ParamTree) => () => applyUpdates(sgd({ learningRate: 1 }), { params, slots: {} }, gradients, step);
    expect(update({ a: tf.ones([3, 2]) })).toThrow(
      new Error(
        'applyUpdates(gradients): expected shape [2, 3], got [3, 2] at "a". Differentiate with respect to these parameters.',
      ),
    );
    expect(update({ b: tf.ones([5]) })).toThrow(
      new Error(
        'applyUpdates(gradients): expected a path of the parameters, got [5] at "b". ' +
          "Differentiate with respect to these parameters.",
      ),
    );
    expect(params.a.isDisposed).toBe(false);
  });

  it("refuses the slots of another optimiser, or of other settings, and disposes nothing", () => {
    const params = { "a/b": tf.ones([2, 3]), c: tf.ones([5]) };
    const gradients = { "a/b": tf.ones([2, 3]), c: tf.ones([5]) };
    const resume = (slots: ParamTree, optimizer: Optimizer) => () => applyUpdates(optimizer, { params, slots }, gradients, step);
    const moments = { a: { b: { mu: tf.ones([2, 3]), nu: tf.ones([2, 3]) } } };
    expect(resume(moments, sgd({ learningRate: 1 }))).toThrow(
      new Error(
        'applyUpdates(slots): expected no slots of sgd at "a/b", got mu [2, 3], nu [2, 3]. ' +
          "Go on with the optimiser that made them, or start without slots.",
      ),
    );
    expect(resume(moments, adafactor({ learningRate: 1, minLengthToFactor: 2 }))).toThrow(
      new Error(
        'applyUpdates(slots): expected mu [2, 3], nuColumn [3], nuRow [2] of adafactor at "a/b", got mu [2, 3], nu [2, 3]. ' +
          "Go on with the optimiser that made them, or start without slots.",
      ),
    );
    expect(resume({ c: { mu: tf.ones([5]), nu: tf.ones([2]) } }, adamw({ learningRate: 1 }))).toThrow(
      new Error(
        'applyUpdates(slots): expected mu [5], nu [5] of adamw at "c", got mu [5], nu [2]. ' +
          "Go on with the optimiser that made them, or start without slots.",
      ),
    );
    expect([params.c, gradients.c, moments.a.b.mu].some((tensor) => tensor.isDisposed)).toBe(false);
  });
});
