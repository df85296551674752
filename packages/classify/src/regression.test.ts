import { checkGradient, expectClose, expectNoLeak, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { classify } from "./classifier.ts";
import { regressionLoss, type RegressionObjective } from "./regression-loss.ts";
import { regressionMetrics, type RegressionFigures } from "./regression-metrics.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type Figure = { mean: number; per_value: number[] };
type Fixture = {
  regression: { values: number; predictions: number[]; targets: number[]; l1: number; l2: number; huber: Record<string, number> } & Record<keyof RegressionFigures, Figure>;
};

const objectives: RegressionObjective[] = ["l2", "l1", "huber"];
const pair = (): [tf.Tensor2D, tf.Tensor2D] => [tf.tensor2d([[1, 5, 0], [2, -1, 3]]), tf.tensor2d([[1, 2, 0.5], [0, -1.2, 3.1]])];

describe("regressionLoss", () => {
  test("errors of 3 and 0.5 cost 9 and 0.25 by l2, 3 and 0.5 by l1, 2.5 and 0.125 by huber", () => {
    const cost = (error: number, objective: RegressionObjective) => regressionLoss(tf.tensor2d([[error]]), tf.zeros([1, 1]), { objective });
    for (const sign of [1, -1]) {
      for (const [objective, costs] of [["l2", [9, 0.25]], ["l1", [3, 0.5]], ["huber", [2.5, 0.125]]] as const) {
        expectClose(cost(3 * sign, objective), costs[0], { relative: 1e-6 });
        expectClose(cost(0.5 * sign, objective), costs[1], { relative: 1e-6 });
      }
    }
  });

  test("huber is half of l2 where delta is beyond every error, and delta times l1 in the limit of a small delta", () => {
    const [predictions, targets] = pair();
    expectClose(regressionLoss(predictions, targets, { objective: "huber", delta: 10 }), tf.div(regressionLoss(predictions, targets), 2), { relative: 1e-6 });
    const small = tf.div(regressionLoss(predictions, targets, { objective: "huber", delta: 1e-4 }), 1e-4);
    expectClose(small, regressionLoss(predictions, targets, { objective: "l1" }), { relative: 1e-4 });
  });

  test("equals scikit-learn and SciPy on 23 pictures of 3 values, within 1e-6", async () => {
    const { regression: expected } = await readFixture<Fixture>("classify/metrics.json");
    const shape: [number, number] = [expected.predictions.length / 3, 3];
    const [predictions, targets] = [tf.tensor2d(expected.predictions, shape), tf.tensor2d(expected.targets, shape)];
    const tolerance = { relative: 1e-6 }; // sums of 69 float32 terms
    expectClose(regressionLoss(predictions, targets), expected.l2, tolerance);
    expectClose(regressionLoss(predictions, targets, { objective: "l1" }), expected.l1, tolerance);
    for (const [delta, mean] of Object.entries(expected.huber)) {
      expectClose(regressionLoss(predictions, targets, { objective: "huber", delta: Number(delta) }), mean, tolerance);
    }
  });

  test.each(objectives)("the gradient of %s by features, kernel and bias is that of finite differences", (objective) => {
    const [features, kernel] = ([[2, 5], [5, 3]] as const).map((shape, i) => tf.randomNormal<tf.Rank.R2>([...shape], 0, 1, "float32", i + 1));
    const targets = tf.fill([2, 3], 9) as tf.Tensor2D; // no error is near a kink
    checkGradient(
      (pooled, kernel, bias) => regressionLoss(classify({ kernel, bias }, { pooled }), targets, { objective }),
      [features, kernel, tf.tensor1d([0.5, -1, 2])],
    );
    const awayFromKinks = tf.tensor2d([[0, 2, 1.5], [0, 1, 1]]); // errors of 1, 3, -1.5, 2, -2, 2
    checkGradient((predictions) => regressionLoss(predictions, awayFromKinks, { objective, delta: 1.7 }), [pair()[0]]);
  });

  test("another objective, a delta of 0 and targets of another shape are refused", () => {
    const [predictions, targets] = pair();
    expect(() => regressionLoss(predictions, targets, { objective: "mse" as "l2" })).toThrow(
      new Error('regressionLoss(objective): expected one of l2, l1, huber, got "mse". Use l2 unless outliers should weigh less.'),
    );
    expect(() => regressionLoss(predictions, targets, { objective: "huber", delta: 0 })).toThrow(
      new Error("regressionLoss(delta): expected a finite number above 0, got 0. Take the size from which an error is an outlier."),
    );
    expect(() => regressionLoss(predictions, tf.zeros([2, 1]))).toThrow(
      new Error("regressionLoss(targets): expected axes [batch=2, values=3], got shape [2, 1]. Axis 1 must have length 3."),
    );
  });

  test.each(objectives)("%s leaves nothing behind, forward or backward", (objective) => {
    const [predictions, targets] = pair();
    expectNoLeak(() => regressionLoss(predictions, targets, { objective }));
    expectNoLeak(() => tf.grad((x) => regressionLoss(x as tf.Tensor2D, targets, { objective }))(predictions));
  });
});

describe("regressionMetrics", () => {
  test("predictions that are exact have errors of 0 and an r2 of 1; the mean of the targets has an r2 of 0", () => {
    const targets = [1, 10, 2, 30, 6, 20];
    expect(regressionMetrics(targets, targets, 2)).toMatchObject({ mae: 0, rmse: 0, r2: 1 });
    expectClose(regressionMetrics([3, 20, 3, 20, 3, 20], targets, 2).r2, 0, { absolute: 1e-15 });
  });

  test("equals scikit-learn on 23 pictures of 3 values, within 1e-12", async () => {
    const { regression: expected } = await readFixture<Fixture>("classify/metrics.json");
    const metrics = regressionMetrics(expected.predictions, expected.targets, expected.values);
    for (const name of ["mae", "rmse", "r2"] as const) {
      expectClose(metrics[name], expected[name].mean, { relative: 1e-12, absolute: 1e-12 });
      expectClose(metrics.perValue.map((figures) => figures[name]), expected[name].per_value, { relative: 1e-12 });
    }
  });

  test("targets that do not vary have no r2 and do not count in its mean; predictions that are NaN show", () => {
    const { r2, perValue } = regressionMetrics([1, 5, 2, 6], [1, 4, 2, 4], 2);
    expect([r2, perValue[1].r2, perValue[1].mae]).toEqual([1, NaN, 1.5]);
    expect(regressionMetrics([NaN, 5], [1, 4], 2).mae).toBeNaN();
  });

  test("no rows, parts of rows and targets of another number are refused", () => {
    expect(() => regressionMetrics([1, 2, 3], [1, 2, 3], 2)).toThrow(
      new Error("regressionMetrics(predictions): expected whole rows of 2 values, got 3 numbers. Pass all rows, one after the other."),
    );
    expect(() => regressionMetrics([], [], 2)).toThrow(
      new Error("regressionMetrics(predictions): expected whole rows of 2 values, got 0 numbers. Pass all rows, one after the other."),
    );
    expect(() => regressionMetrics([1, 2], [1], 2)).toThrow(
      new Error("regressionMetrics(targets): expected 2 numbers, one per prediction, got 1. Pass the targets of these pictures."),
    );
  });
});
