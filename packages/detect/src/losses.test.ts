import { valueAndGradients } from "@flexivit/params";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assign } from "./matching.ts";
import { detectionLoss, detectionTargets, focalLoss, giouLoss, maskLosses, matchPredictions, type DetectionObjective, type DetectionTargets, type Predictions } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("detect/losses.npz");
const boxOps = await readFixture("detect/box-ops.npz");
const assignments = await readFixture("detect/assignment.npz");
const cases = await readFixture<{ cases: { key: string; total: number; unique: boolean }[] }>("detect/assignment.json");
const tensor = <T extends tf.Tensor>(name: string) => fixtureTensor<T>(arrays[name]);
const objectives: DetectionObjective[] = ["focal", "softmax"];
const noise = { relative: 1e-5 }; // float32 on both sides

const predictions = (objective: DetectionObjective) => ({
  logits: tensor<tf.Tensor3D>(`${objective}/logits`), // [2, 6, 4 or 5]
  boxes: tensor<tf.Tensor3D>("boxes"),
  masks: { embeddings: tensor<tf.Tensor3D>("embeddings"), pixels: tensor<tf.Tensor4D>("pixels") },
});
const targets = (): DetectionTargets => ({ boxes: tensor("true_boxes"), classes: tensor("true_classes"), masks: tensor("true_masks") });
const rows = (values: ArrayLike<number>, length: number) => Array.from({ length: values.length / length }, (_, i) => Array.from(values).slice(length * i, length * (i + 1)));

test("boxes that are the objects lose nothing: L1 and GIoU are 0, and the assignment is the identity", () => {
  const { boxes, classes } = targets();
  const perfect = { boxes, logits: tf.mul(10, tf.sub(tf.mul(2, detectionOneHot(classes)), 1)) as tf.Tensor3D };
  expect(matchPredictions(perfect, { boxes, classes }, "focal")).toEqual([[0, 1, 2], [0, -1, -1]]);
  const { l1Loss, giouLoss, classLoss } = detectionLoss(perfect, { boxes, classes });
  expect(l1Loss.dataSync()[0]).toBe(0);
  expectClose(giouLoss, 0, { absolute: 1e-5 }); // 1e-7 beside areas from 0.02
  expectClose(classLoss, 0, { absolute: 1e-6 });
});

/** [batch, objects] to [batch, objects, 4]: all 0 where there is no object. */
function detectionOneHot(classes: tf.Tensor2D): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(classes, 2), tf.range(0, 4, 1, "int32")), "float32");
}

test("the mean GIoU loss of 7 pairs, and the gradient of its sum, equal torchvision's", () => {
  const first = (name: string) => tf.slice(fixtureTensor<tf.Tensor2D>(boxOps[name]), 0, 7);
  expectClose(tf.mean(giouLoss(first("boxes_a"), first("boxes_b"))), boxOps["giou_loss_mean"], noise);
  const gradient = tf.grad((a) => tf.sum(giouLoss(a, first("boxes_b"))))(first("boxes_a"));
  expectClose(gradient, boxOps["giou_loss_sum_grad_a"], noise);
});

test("focal losses of 2 x 6 x 4 logits equal torchvision's", () => {
  expectClose(focalLoss(tensor("focal/logits"), tensor("focal/one_hot")), arrays["focal/each"], noise);
});

test.each(cases.cases)("the assignment for costs $key has SciPy's total, $total, and its pairs where only one set is best", ({ key, total, unique }) => {
  const { shape: [, objects], data } = assignments[`${key}/cost`];
  const costs = rows(data, objects);
  const pairs = [...assign(costs, 0)].sort(([a], [b]) => a - b);
  expectClose(pairs.reduce((sum, [box, object]) => sum + costs[box][object], 0), total, { absolute: 1e-12 });
  if (unique) expect(pairs).toEqual(Array.from(assignments[`${key}/rows`].data, (row, i) => [row, assignments[`${key}/cols`].data[i]]));
  expect([new Set(pairs.map(([box]) => box)).size, new Set(pairs.map(([, object]) => object)).size]).toEqual(Array(2).fill(Math.min(costs.length, objects)));
});

test.each(objectives)("the assignment, each term and the gradients of the %s loss equal those of torch", (objective) => {
  const matches = matchPredictions(predictions(objective), targets(), objective);
  expect(matches).toEqual(rows(arrays[`${objective}/matches`].data, 3));
  const { value, gradients } = valueAndGradients((params: ReturnType<typeof predictions>) => detectionLoss(params, targets(), { objective }), predictions(objective));
  const terms = [value.loss, value.classLoss, value.l1Loss, value.giouLoss, value.maskLoss!, value.diceLoss!];
  expectClose(terms.map((term) => term.dataSync()[0]), arrays[`${objective}/terms`].data, noise);
  expectClose(gradients.logits, arrays[`${objective}/grad_logits`], noise);
  expectClose(gradients.boxes, arrays[`${objective}/grad_boxes`], noise);
  expectClose(gradients.masks.embeddings, arrays[`${objective}/grad_embeddings`], noise);
  expectClose(gradients.masks.pixels, arrays[`${objective}/grad_pixels`], noise);
});

test("pictures without objects cost 0 under softmax where boxes that are to find nothing weigh 0, and change nothing", () => {
  const found = { logits: tensor<tf.Tensor3D>("softmax/logits"), boxes: tensor<tf.Tensor3D>("boxes") };
  const none = { boxes: tf.zeros<tf.Rank.R3>([2, 1, 4]), classes: tf.fill<tf.Rank.R2>([2, 1], -1, "int32") };
  const of = (noObjectWeight: number) => valueAndGradients((params: typeof found) => detectionLoss(params, none, { objective: "softmax", noObjectWeight }), found);
  const { value, gradients } = of(0);
  expect([value.loss, value.classLoss].map((term) => term.dataSync()[0])).toEqual([0, 0]);
  expect([...gradients.logits.dataSync()].every((one) => one === 0)).toBe(true);
  expectClose(of(0.5).value.classLoss, of(2).value.classLoss, noise); // any other weight leaves the mean as it is
  expect(of(0.5).value.classLoss.dataSync()[0]).toBeGreaterThan(0.1);
});

test("a class that is likelier by a logit of 1 outweighs a box moved by 0.05 under focal: costs 0.87 and 0.44", () => {
  // With p = 0.5 and 0.731: 2 (0.25 (1 - p)^2 (-log p) - 0.75 p^2 (-log(1 - p))) is -0.173 and -1.041; 5 * 0.05 + 2 (1 - 0.95 / 1.05) is 0.44.
  const found = { logits: tf.tensor3d([[[0], [1]]]), boxes: tf.tensor3d([[[0.5, 0.5, 1, 1], [0.55, 0.5, 1, 1]]]) };
  const wanted = { boxes: tf.tensor3d([[[0.5, 0.5, 1, 1]]]), classes: tf.tensor2d([[0]], [1, 1], "int32") };
  expect(matchPredictions(found, wanted, "focal")).toEqual([[1]]);
  expect(matchPredictions({ ...found, boxes: tf.tensor3d([[[0.5, 0.5, 1, 1], [0.61, 0.5, 1, 1]]]) }, wanted, "focal")).toEqual([[0]]); // 0.55 + 0.40
});

test("where there are more objects than boxes, 3 and 1, the box goes to the cheapest and the others have -1", () => {
  const { boxes, classes } = targets();
  const one = { boxes: tf.slice(boxes, [0, 1, 0], [1, 1, 4]), logits: tf.zeros<tf.Rank.R3>([1, 1, 4]) };
  expect(matchPredictions(one, { boxes: tf.slice(boxes, 0, 1), classes: tf.slice(classes, 0, 1) }, "focal")).toEqual([[-1, 0, -1]]);
});

test("the loss of a batch without any object is that of the classes alone, divided by 1", () => {
  const { logits, boxes } = predictions("focal");
  const { loss, classLoss, l1Loss } = detectionLoss({ logits, boxes }, { boxes: tf.zeros([2, 1, 4]), classes: tf.fill([2, 1], -1, "int32") });
  expect(l1Loss.dataSync()[0]).toBe(0);
  expectClose(classLoss, tf.sum(focalLoss(logits, tf.zerosLike(logits))), noise);
  expectClose(loss, tf.mul(2, classLoss), noise);
});

test.each(objectives)("the gradient of the %s loss by logits, boxes, embeddings and pixels is that of finite differences", (objective) => {
  const { logits, boxes, masks } = predictions(objective);
  const options = { objective, matches: matchPredictions({ logits, boxes }, targets(), objective) };
  const loss = (logits: tf.Tensor3D, boxes: tf.Tensor3D, embeddings: tf.Tensor3D, pixels: tf.Tensor4D) =>
    detectionLoss({ logits, boxes, masks: { embeddings, pixels } }, targets(), options).loss;
  checkGradient((x: tf.Tensor3D, y: tf.Tensor3D, z: tf.Tensor4D) => loss(x, boxes, y, z), [logits, masks.embeddings, masks.pixels]);
  // A small step: corners of boxes lie about 0.01 apart, and the loss has a kink where they meet.
  checkGradient((x: tf.Tensor3D) => loss(logits, x, masks.embeddings, masks.pixels), [boxes], { step: 2 ** -10 });
});

test("masks that are right to the pixel lose nothing, and masks that are wrong everywhere 1 of Dice", () => {
  const wanted = tf.tensor2d([[1, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]]);
  const logits = tf.mul(tf.sub(tf.mul(wanted, 2), 1), 30) as tf.Tensor2D;
  const right = maskLosses(logits, wanted);
  expectClose(right.crossEntropy, [0, 0, 0], { absolute: 1e-6 });
  expectClose(right.dice, [0, 0, 0], { absolute: 1e-6 });
  const wrong = maskLosses(tf.neg(logits), wanted);
  expectClose(wrong.crossEntropy, [30, 30, 30], noise);
  expectClose(wrong.dice, [5 / 6, 5 / 6, 5 / 6], noise); // 1 - 1 / (5 + 1)
});

test("boxes become shares of 4x6 pixels, crowds go, targets are filled up with -1, and a mask averages to 2x3 cells", () => {
  const mask = { height: 4, width: 6, counts: [0, 8, 16] }; // the two columns at the left
  const made = detectionTargets([[{ box: [0, 0, 1, 1], class: 1, crowd: true }], [{ box: [3, 1, 6, 2], class: 2, mask }, { box: [0, 0, 6, 4], class: 0, mask }]], {
    sizePx: [4, 6],
    maskSize: [2, 3],
  });
  expectClose(made.classes, { shape: [2, 2], data: [-1, -1, 2, 0] });
  expectClose(made.boxes, { shape: [2, 2, 4], data: [...Array<number>(8).fill(0), 0.75, 0.375, 0.5, 0.25, 0.5, 0.5, 1, 1] });
  // Columns weigh 1, 3, 3, 1 under a cell, and 3, 3, 1 at the edge.
  expectClose(tf.slice(made.masks!, [1, 0, 0, 0], [1, 1, 2, 3]), [6 / 7, 1 / 8, 0, 6 / 7, 1 / 8, 0], noise);
  expectClose(tf.slice(made.masks!, 0, 1), tf.zeros([1, 2, 2, 3]));
});

test("classes and costs that cannot be, other shapes and missing masks are refused", () => {
  const { logits, boxes } = predictions("softmax");
  const classes = tf.tensor2d([[4, 0, 1], [0, 0, 0]], [2, 3], "int32");
  expect(() => matchPredictions({ logits, boxes }, { boxes: targets().boxes, classes }, "softmax")).toThrow(
    new Error("matchPredictions(targets.classes): expected indices below 4, got 4. Give the head as many classes as the data has."),
  );
  expect(() => matchPredictions({ logits: tf.mul(logits, NaN), boxes }, targets(), "focal")).toThrow(
    new Error("matchPredictions(predictions): expected finite costs, got NaN in image 0. Check the targets' boxes; if training diverged, lower the learning rate."),
  );
  expect(() => giouLoss(tf.zeros([3, 4]), tf.zeros([2, 4]))).toThrow(new Error("giouLoss(b): expected the shape of a, [3, 4], got [2, 4]. Pair the boxes."));
  expect(() => detectionTargets([[{ box: [0, 0, 1, 1], class: -1 }]], { sizePx: [1, 1] })).toThrow(
    new Error("detectionTargets(images[0][0].class): expected an index from 0, got -1. Use places in the list of classes."),
  );
  expect(() => detectionTargets([[], [{ box: [0, NaN, 1, 1], class: 1 }]], { sizePx: [1, 1] })).toThrow(
    new Error("detectionTargets(images[1][0].box): expected 4 finite numbers, got 0, NaN, 1, 1. Remove or correct the object."),
  );
  expect(() => detectionTargets([[{ box: [0, 0, 1, 1], class: 1 }]], { sizePx: [2, 3], maskSize: [2, 3] })).toThrow(
    new Error("detectionTargets(images[0][0].mask): expected a mask, as options.maskSize asks for masks, got none. Add it or leave maskSize out."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const [found, wanted] = [predictions("softmax"), targets()];
  expectNoLeak(() => detectionLoss(found, wanted, { objective: "softmax" }));
  expectNoLeak(() => valueAndGradients((params: Predictions) => detectionLoss(params, wanted, { objective: "softmax" }), found));
  const mask = { height: 2, width: 3, counts: [1, 5] };
  expectNoLeak(() => detectionTargets([[{ box: [0, 0, 1, 1], class: 1, mask }]], { sizePx: [2, 3], maskSize: [2, 3] }));
});
