/** How far predictions are off. */
export type RegressionFigures = {
  /** Mean of the sizes of the errors, in the unit of the targets. */
  mae: number;
  /** Square root of the mean of the squared errors, in the unit of the targets. */
  rmse: number;
  /** `1 - sum(error^2) / sum((target - mean target)^2)`: 1 is exact, 0 as good as the mean; NaN where targets do not vary. */
  r2: number;
};

/** `perValue` [values], and the mean of each figure over the values; of `r2` over those where it is a number. */
export type RegressionMetrics = RegressionFigures & { perValue: RegressionFigures[] };

/**
 * Metrics of predicted numbers over a whole data set.
 *
 * @param predictions of every picture, row after row: pictures * values numbers
 * @param targets as many
 * @param values numbers per picture
 * @throws when there are none, no whole rows, or not as many targets
 * Source: scikit-learn's `mean_absolute_error`, `root_mean_squared_error` and `r2_score`, which it equals; where targets
 * do not vary scikit-learn says 0 or 1.
 */
export function regressionMetrics(predictions: ArrayLike<number>, targets: ArrayLike<number>, values: number): RegressionMetrics {
  const { length } = predictions;
  if (!Number.isInteger(values) || values < 1 || length === 0 || length % values !== 0) {
    throw new Error(`regressionMetrics(predictions): expected whole rows of ${values} values, got ${length} numbers. Pass all rows, one after the other.`);
  }
  if (targets.length !== length) {
    throw new Error(`regressionMetrics(targets): expected ${length} numbers, one per prediction, got ${targets.length}. Pass the targets of these pictures.`);
  }
  const column = (numbers: ArrayLike<number>, index: number) => Array.from({ length: length / values }, (_, row) => numbers[row * values + index]);
  const perValue = Array.from({ length: values }, (_, index) => figures(column(predictions, index), column(targets, index)));
  const overValues = (name: keyof RegressionFigures) => mean(perValue.map((figures) => figures[name]).filter((value) => name !== "r2" || !Number.isNaN(value)));
  return { mae: overValues("mae"), rmse: overValues("rmse"), r2: overValues("r2"), perValue };
}

function figures(predictions: readonly number[], targets: readonly number[]): RegressionFigures {
  const errors = predictions.map((prediction, row) => prediction - targets[row]);
  const middle = mean(targets);
  const squaredError = mean(errors.map((error) => error ** 2));
  const variance = targets.every((target) => target === targets[0]) ? Number.NaN : mean(targets.map((target) => (target - middle) ** 2));
  return { mae: mean(errors.map(Math.abs)), rmse: Math.sqrt(squaredError), r2: 1 - squaredError / variance };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
