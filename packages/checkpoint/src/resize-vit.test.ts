import { classify } from "@flexivit/classify";
import { imageLikeCovariance } from "@flexivit/pi-resize";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { modelForTimm } from "../test-support/models-for-timm.ts";
import { resizeVit, type VitModel } from "./index.ts";

const sideBySide = (patchSize: readonly [number, number]) => ({ patchSize, stride: patchSize });
const logits = ({ params, config, head }: VitModel, image: tf.Tensor4D, patchSize: readonly [number, number]): tf.Tensor =>
  classify(head!, vit(params, config, image, { scheme: sideBySide(patchSize) }));

it.each(["own-gap", "own-registers"])("%s: stored for patches of 5x9 and a grid of 4x2, it gives the same logits there as before, bit for bit", (name) => {
  const model = modelForTimm(name);
  const image = tf.randomUniform<tf.Rank.R4>([2, 20, 18, 3], -1, 1, "float32", 2);
  const fixed = resizeVit(model, { patchSize: [5, 9], positionGrid: [4, 2] });
  expect([fixed.config.patchSize, fixed.config.positionGrid, fixed.params.patchEmbedding.kernel.shape]).toEqual([[5, 9], [4, 2], [5, 9, 3, 12]]);
  // The model resizes at the call what is resized here beforehand.
  expectClose(logits(fixed, image, [5, 9]), logits(model, image, [5, 9]));
});

it("a covariance of 8x6 patches weights the resize to 5x9 and is not kept for kernels of that size", () => {
  const model = modelForTimm("own-gap");
  const weighted = { ...model, config: { ...model.config, kernelResize: { ...model.config.kernelResize, covariance: imageLikeCovariance([8, 6]) } } };
  const image = tf.randomUniform<tf.Rank.R4>([2, 20, 18, 3], -1, 1, "float32", 2);
  const fixed = resizeVit(weighted, { patchSize: [5, 9] });
  expect(fixed.config.kernelResize).toEqual(model.config.kernelResize);
  expectClose(logits(fixed, image, [5, 9]), logits(weighted, image, [5, 9]));
});

it("the tensors are new: the model and its copy are disposed apart", async () => {
  await expectNoLeak(async () => {
    const model = modelForTimm("own-map");
    const copy = resizeVit(model, { patchSize: [16, 12] });
    tf.dispose([model.params, model.head!]);
    expectClose(copy.params.norm.scale, await copy.params.norm.scale.data());
    return [copy.params, copy.head!] as tf.TensorContainer;
  });
});

it("refuses what it could not store at other sizes", () => {
  const size = { dim: 12, depth: 1, hiddenDim: 20, heads: 3 };
  const model = modelForTimm("own-gap");
  const stem = vitConfig(size, { embedder: { kind: "conv-stem", channels: [4] }, patchSize: [8, 6] });
  expect(() => resizeVit({ ...model, config: stem }, { patchSize: [4, 4] })).toThrow(
    new Error('resizeVit(model.config.embedder): expected one linear embedder, got "conv-stem". Run the model at other sizes as it is.'),
  );
  const sequence = vitConfig(size, { positions: "sequence", positionGrid: [3, 5] });
  expect(() => resizeVit({ ...model, config: sequence }, { positionGrid: [4, 2] })).toThrow(
    new Error('resizeVit(sizes.positionGrid): expected the stored 3 x 5 with positions "sequence", got 4 x 2. Leave it out.'),
  );
});
