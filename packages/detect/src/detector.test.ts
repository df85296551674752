import { mapLeaves, valueAndGradients } from "@flexivit/params";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { detect, initDetector, type DetectorConfig, type DetectorParams } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const tokensConfig: DetectorConfig = { dim: 8, classes: 3, predictors: { kind: "tokens" } };
const queriesConfig: DetectorConfig = {
  dim: 8,
  classes: 3,
  predictors: { kind: "queries", queries: 5, blocks: 2, heads: 2, hiddenDim: 12 },
  objective: "softmax",
  levels: ["x2", "x1", "half"],
  masks: { dim: 6 },
};
const features = (gridHeight: number, gridWidth: number, seed = 1) => ({
  tokens: tf.randomNormal<tf.Rank.R3>([2, gridHeight * gridWidth, 8], 0, 1, "float32", seed),
  grid: { gridHeight, gridWidth },
});
/** Fresh weights with the zeros moved: a gradient that is 0 by the start would prove nothing. */
function moved(config: DetectorConfig): DetectorParams {
  const params = initDetector(config, 1);
  return { ...params, boxes: { ...params.boxes, output: { ...params.boxes.output, kernel: tf.randomNormal([8, 4], 0, 0.3, "float32", 2) } } };
}

test("a fresh head predicts a fifth of the image around each of 2x3 cells, every class with 0.01", () => {
  const { boxes, logits } = detect(initDetector(tokensConfig, 1), tokensConfig, features(2, 3));
  const [one] = tf.split(boxes, 2);
  const centres = [[1, 1], [3, 1], [5, 1], [1, 3], [3, 3], [5, 3]].map(([x, y]) => [x / 6, y / 4, 0.2, 0.2]);
  expectClose(one, { shape: [1, 6, 4], data: centres.flat() }, { relative: 1e-6 });
  expectClose(tf.mean(tf.sigmoid(logits)), 0.01, { relative: 0.05 }); // kernels of 0.01 spread the logits by 0.03
});

test("queries do not care where the cells of a grid of equal tokens lie, 2x3 or 3x2, and do where tokens differ", () => {
  const params = moved(queriesConfig);
  const config: DetectorConfig = { ...queriesConfig, levels: ["x1"], masks: undefined };
  const { tokens } = features(2, 3);
  const equal = tf.mul(tf.ones([2, 6, 1]), tf.slice(tokens, [0, 0, 0], [2, 1, 8])) as tf.Tensor3D;
  const alike = ([gridHeight, gridWidth]: [number, number]) => detect(params, config, { tokens: equal, grid: { gridHeight, gridWidth } }).boxes;
  expectClose(alike([2, 3]), alike([3, 2]), { relative: 1e-6 }); // the keys differ, the values do not
  const there = detect(params, config, { tokens, grid: { gridHeight: 2, gridWidth: 3 } }).boxes;
  const elsewhere = detect(params, config, { tokens, grid: { gridHeight: 3, gridWidth: 2 } }).boxes;
  expect(tf.max(tf.abs(tf.sub(there, elsewhere))).dataSync()[0]).toBeGreaterThan(1e-4);
});

test("logits and boxes of 5 queries after 2 decoder blocks on a grid of 2x3 equal torch's", async () => {
  const arrays = await readFixture("detect/decoder.npz");
  const config: DetectorConfig = { dim: 8, classes: 4, predictors: { kind: "queries", queries: 5, blocks: 2, heads: 2, hiddenDim: 12 } };
  const params = mapLeaves(initDetector(config, 1), (_, path) => fixtureTensor(arrays[`params/${path}`]));
  const { logits, boxes } = detect(params, config, { tokens: fixtureTensor(arrays["tokens"]), grid: { gridHeight: 2, gridWidth: 3 } });
  expectClose(logits, arrays["logits"], { relative: 1e-5 }); // float32 on both sides
  expectClose(boxes, arrays["boxes"], { relative: 1e-5 });
});

test("mirroring tokens left to right mirrors the boxes of the token head", () => {
  const params = moved(tokensConfig);
  const { tokens, grid } = features(2, 3);
  const mirrored = tf.reshape(tf.reverse(tf.reshape(tokens, [2, 2, 3, 8]), 2), [2, 6, 8]) as tf.Tensor3D;
  const offsets = (boxes: tf.Tensor3D) => tf.sub(tf.reshape(logits(boxes), [2, 2, 3, 4]), tf.reshape(logits(detect(initDetector(tokensConfig, 1), tokensConfig, { tokens, grid }).boxes), [2, 2, 3, 4]));
  const logits = (shares: tf.Tensor) => tf.log(tf.div(shares, tf.sub(1, shares)));
  expectClose(offsets(detect(params, tokensConfig, { tokens: mirrored, grid }).boxes), tf.reverse(offsets(detect(params, tokensConfig, { tokens, grid }).boxes), 2), { absolute: 1e-4 });
});

test.each([[tokensConfig, "tokens"], [queriesConfig, "queries"], [{ ...tokensConfig, levels: ["x4", "half"], masks: { dim: 5 } }, "levels"]] as [DetectorConfig, string][])(
  "the same weights run on grids of 2x3, 5x4 and 1x1: %# %s",
  (config, kind) => {
    const params = initDetector(config, 1);
    for (const [height, width] of [[2, 3], [5, 4], [1, 1]]) {
      const { boxes, logits, masks } = detect(params, config, features(height, width));
      const cells = { tokens: height * width, queries: 5, levels: 16 * height * width + Math.ceil(height / 2) * Math.ceil(width / 2) }[kind];
      expect([boxes.shape, logits.shape]).toEqual([[2, cells, 4], [2, cells, config.objective === "softmax" ? 4 : 3]]);
      expect(masks?.pixels.shape).toEqual(config.masks && [2, 4 * height, 4 * width, config.masks.dim]);
      expect(tf.all(tf.isFinite(boxes)).dataSync()[0]).toBe(1);
    }
  },
);

test.each([tokensConfig, { ...queriesConfig, masks: undefined }])("the gradients by tokens and by every weight are those of finite differences, head %#", (config) => {
  const { tokens, grid } = features(2, 3);
  const params = moved(config);
  const output = ({ boxes, logits }: { boxes: tf.Tensor; logits: tf.Tensor }) => tf.concat([boxes, logits], 2);
  checkGradient((x: tf.Tensor3D) => output(detect(params, config, { tokens: x, grid })), [tokens], { step: 2 ** -8 }); // norms of few values turn sharply
  checkGradient(
    (hidden: tf.Tensor2D, kernel: tf.Tensor2D) =>
      output(detect({ ...params, classes: { ...params.classes, kernel }, boxes: { ...params.boxes, hidden: { ...params.boxes.hidden, kernel: hidden } } }, config, { tokens, grid })),
    [params.boxes.hidden.kernel, params.classes.kernel],
  );
  const { decoder } = params;
  if (!decoder) return;
  checkGradient(
    (content: tf.Tensor2D, reference: tf.Tensor2D, kernel: tf.Tensor2D) =>
      output(detect({ ...params, decoder: { ...decoder, content, reference, position: { ...decoder.position, kernel } } }, config, { tokens, grid })),
    [tf.mul(decoder.content, 50), decoder.reference, decoder.position.kernel],
    { step: 2 ** -9 }, // waves of 32 periods
  );
});

test("mask factors have the gradient of finite differences", () => {
  const { tokens, grid } = features(2, 3);
  const config: DetectorConfig = { ...tokensConfig, masks: { dim: 5 } };
  const params = moved(config);
  checkGradient((x: tf.Tensor3D) => detect(params, config, { tokens: x, grid }).masks!.pixels, [tokens], { step: 2 ** -8 });
  checkGradient((x: tf.Tensor3D) => detect(params, config, { tokens: x, grid }).masks!.embeddings, [tokens]);
});

test("every weight of either head has a gradient that is not 0", () => {
  for (const config of [{ ...tokensConfig, masks: { dim: 5 } }, queriesConfig]) {
    const params = moved(config);
    const total = (weights: DetectorParams) => {
      const { boxes, logits, masks } = detect(weights, config, features(2, 3));
      return tf.addN([boxes, logits, masks!.embeddings, masks!.pixels].map((x, i) => tf.sum(tf.mul(x, tf.randomNormal(x.shape, 0, 1, "float32", 9 + i))))) as tf.Scalar;
    };
    const { gradients } = valueAndGradients(total, params);
    const largest = (tree: unknown): [string, number][] =>
      tree instanceof tf.Tensor ? [["", tf.max(tf.abs(tree)).dataSync()[0]]] : Object.entries(tree ?? {}).flatMap(([name, child]) => largest(child).map(([path, value]): [string, number] => [`${name}/${path}`, value]));
    // A bias of keys moves all scores of a query alike; here rounding is all that is left of its gradient.
    expect(largest(gradients).filter(([path, value]) => value < 1e-6 && !path.includes("key/bias"))).toEqual([]);
  }
});

test("features of another width or grid, and configs that cannot be, are refused", () => {
  const params = initDetector(tokensConfig, 1);
  expect(() => detect(params, tokensConfig, { ...features(2, 3), grid: { gridHeight: 2, gridWidth: 4 } })).toThrow(
    new Error("detect(features.tokens): expected axes [batch, patches=8, dim=8], got shape [2, 6, 8]. Axis 1 must have length 8."),
  );
  const cases: [Partial<DetectorConfig>, string][] = [
    [{ classes: 0 }, "initDetector(classes): expected a whole number above 0, got 0. Set classes."],
    [{ predictors: { kind: "anchors" as "tokens" } }, 'initDetector(predictors.kind): expected one of tokens, queries, got "anchors". Use one of these.'],
    [{ objective: "hinge" as "focal" }, 'initDetector(objective): expected one of focal, softmax, got "hinge". Use one of these.'],
    [{ levels: ["x1", "x1"] }, "initDetector(levels): expected at least one level, each once, got x1, x1. Leave it out for the tokens as they are."],
    [{ predictors: { kind: "queries", queries: 5, blocks: 0, heads: 2, hiddenDim: 3 } }, "initDetector(predictors.blocks): expected a whole number above 0, got 0. Set predictors.blocks."],
    [{ predictors: { kind: "queries" } as DetectorConfig["predictors"] }, "initDetector(predictors.queries): expected a whole number above 0, got undefined. Set predictors.queries."],
    [{ predictors: { kind: "queries", queries: 5, blocks: 1, heads: 3, hiddenDim: 3 } }, "initDetector(dim): expected a multiple of 4 and of 3 heads, at least 8, got 8. Change the number of heads."],
    [{ dim: 7, masks: { dim: 2 } }, "initDetector(dim): expected a multiple of 4, as levels and masks need, got 7. Use the tokens only."],
  ];
  for (const [change, message] of cases) expect(() => initDetector({ ...tokensConfig, ...change }, 1)).toThrow(new Error(message));
});

test("nothing is left behind, forward or backward", () => {
  const params = initDetector(queriesConfig, 1);
  const given = features(2, 3);
  expectNoLeak(() => initDetector(queriesConfig, 1));
  expectNoLeak(() => detect(params, queriesConfig, given));
  expectNoLeak(() => valueAndGradients((weights: DetectorParams) => tf.sum(detect(weights, queriesConfig, given).boxes) as tf.Scalar, params));
});
