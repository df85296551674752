/** How well one class is found. */
export type ClassMetrics = {
  /** Pictures that have the class. */
  positives: number;
  /** Area under precision over recall as a step function, 0 to 1; NaN where no picture has the class. */
  averagePrecision: number;
  /** `2 tp / (2 tp + fp + fn)`, 0 to 1; NaN where no picture has the class and none is said to. */
  f1: number;
};

export type MultiLabelMetrics = {
  /** Mean of `averagePrecision` over the classes that some picture has. */
  meanAveragePrecision: number;
  /** F1 of all decisions of all classes together. */
  microF1: number;
  /** Mean of `f1` over the classes where it is a number. */
  macroF1: number;
  /** [classes]. */
  perClass: ClassMetrics[];
};

/**
 * Metrics of pictures that may have several classes each, over a whole data set.
 *
 * Average precision is `sum((recall_i - recall_{i-1}) precision_i)` over falling scores; equal scores are taken at once,
 * so their order cannot matter. F1 counts a class as said where its probability by sigmoid is above the threshold.
 * A logit that is not a number is wrong either way.
 *
 * @param logits of every picture, row after row: pictures * classes numbers
 * @param targets as many, 1 where the picture has the class and else 0
 * @param options `classes`; `threshold` of the probability, 0.5 unless given
 * @throws when the numbers are no whole rows or not as many, a target is neither 0 nor 1, or the threshold not in (0, 1)
 * Source: scikit-learn's `average_precision_score` and `f1_score(zero_division=nan)`, which it equals.
 */
export function multiLabelMetrics(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  { classes, threshold = 0.5 }: { classes: number; threshold?: number },
): MultiLabelMetrics {
  checkNumbers(logits, targets, classes, threshold);
  const cut = Math.log(threshold / (1 - threshold));
  const columns = Array.from({ length: classes }, (_, index) => column(logits, targets, classes, index));
  const counts = columns.map((decisions) => count(decisions, cut));
  const perClass = columns.map((decisions, i) => ({ positives: positivesOf(decisions), averagePrecision: averagePrecision(decisions), f1: f1(counts[i]) }));
  const all = counts.reduce((a, b) => ({ right: a.right + b.right, wrong: a.wrong + b.wrong }), { right: 0, wrong: 0 });
  return {
    meanAveragePrecision: meanOfNumbers(perClass.map(({ averagePrecision }) => averagePrecision)),
    microF1: f1(all),
    macroF1: meanOfNumbers(perClass.map(({ f1 }) => f1)),
    perClass,
  };
}

type Decision = { score: number; positive: boolean };

/** The decisions of one class; where a score is not a number, the worst one in its place. */
function column(logits: ArrayLike<number>, targets: ArrayLike<number>, classes: number, index: number): Decision[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const [score, positive] = [logits[row * classes + index], targets[row * classes + index] === 1];
    return { score: Number.isNaN(score) ? (positive ? -Infinity : Infinity) : score, positive };
  });
}

function positivesOf(decisions: readonly Decision[]): number {
  return decisions.reduce((sum, { positive }) => sum + Number(positive), 0);
}

function averagePrecision(decisions: readonly Decision[]): number {
  const positives = positivesOf(decisions);
  const falling = decisions.toSorted((a, b) => (a.score === b.score ? 0 : b.score - a.score));
  let [area, found, foundBefore] = [0, 0, 0];
  for (const [index, { score, positive }] of falling.entries()) {
    found += Number(positive);
    if (falling[index + 1]?.score === score) continue;
    area += ((found - foundBefore) / positives) * (found / (index + 1));
    foundBefore = found;
  }
  return positives === 0 ? Number.NaN : area;
}

/** True positives, and false ones of either kind. */
function count(decisions: readonly Decision[], cut: number): { right: number; wrong: number } {
  let [right, wrong] = [0, 0];
  for (const { score, positive } of decisions) {
    const said = score > cut;
    right += Number(said && positive);
    wrong += Number(said !== positive);
  }
  return { right, wrong };
}

function f1({ right, wrong }: { right: number; wrong: number }): number {
  return (2 * right) / (2 * right + wrong);
}

function meanOfNumbers(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function checkNumbers(logits: ArrayLike<number>, targets: ArrayLike<number>, classes: number, threshold: number): void {
  if (!Number.isInteger(classes) || classes < 1 || logits.length % classes !== 0) {
    throw new Error(`multiLabelMetrics(logits): expected whole rows of ${classes} classes, got ${logits.length} numbers. Pass all rows, one after the other.`);
  }
  if (targets.length !== logits.length) {
    throw new Error(`multiLabelMetrics(targets): expected ${logits.length} numbers, one per logit, got ${targets.length}. Pass the targets of these pictures.`);
  }
  const wrong = Array.from(targets).findIndex((target) => target !== 0 && target !== 1);
  if (wrong !== -1) {
    throw new Error(`multiLabelMetrics(targets): expected 0 or 1, got ${targets[wrong]} at position ${wrong}. Neither smooth nor mix what you evaluate on.`);
  }
  if (!(threshold > 0 && threshold < 1)) {
    throw new Error(`multiLabelMetrics(threshold): expected a probability between 0 and 1, got ${threshold}. Try 0.5.`);
  }
}
