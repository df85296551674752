import { encodeMask, maskIous, maskPixels } from "@flexivit/annotations";
import { viewObjects, type PictureObject, type Seen } from "@flexivit/data";
import { detectionTargets, type Predictions } from "@flexivit/detect";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { scenes, sceneSize } from "../../test-support/scenes.ts";
import { detectionsInPictures } from "./detections-in-pictures.ts";

const [object] = scenes(1, 5).objects.objects(0);
const views: Record<string, Seen> = {
  "squashed to 24x24": { size: sceneSize, view: { region: { top: 0, left: 0, height: 30, width: 36 }, resized: [24, 24], window: { top: 0, left: 0, height: 24, width: 24 }, flip: false, resampling: "pil-bilinear" } },
  "cut out of 24x29": { size: sceneSize, view: { region: { top: 0, left: 0, height: 30, width: 36 }, resized: [24, 29], window: { top: 0, left: 2, height: 24, width: 24 }, flip: false, resampling: "pil-bilinear" } },
};

/** Predictions that say exactly what a view shows: boxes, and masks at 24x24 cells. */
function perfect(shown: PictureObject[]): Predictions {
  const { boxes } = detectionTargets([shown], { sizePx: [24, 24] });
  const pixels = tf.tidy(() => tf.reshape(tf.mul(20, tf.sub(tf.tensor1d(Float32Array.from(maskPixels(shown[0].mask!))), 0.5)), [1, 24, 24, 1]) as tf.Tensor4D);
  return { boxes, logits: tf.tensor3d([[[object.class === 0 ? 5 : -5, object.class === 0 ? -5 : 5]]]), masks: { embeddings: tf.ones([1, 1, 1]), pixels } };
}

it.each(Object.entries(views))("a box that is found in a picture %s is where it is in the picture, and its mask is no coarser than a cell", async (_, seen) => {
  const predictions = perfect(viewObjects([object], seen.view));
  const [[found]] = await detectionsInPictures(predictions, { predictors: { kind: "tokens" } }, [seen]);
  // The columns that the view shows of the picture; it shows all rows.
  const [first, end] = [seen.view.window.left, seen.view.window.left + 24].map((place) => (place * 36) / seen.view.resized[1]);
  const [left, top, right, bottom] = object.box;
  expect(found.class).toBe(object.class);
  expectClose([...found.box], [Math.max(left, first), top, Math.min(right, end), bottom], { relative: 1e-5 }); // float32
  const wanted = encodeMask(maskPixels(object.mask!).map((inside, i) => ((i % 36) + 0.5 >= first && (i % 36) + 0.5 < end ? inside : 0)), sceneSize);
  expect(maskIous([found.mask!], [wanted], [false])[0][0]).toBeGreaterThan(0.85); // cells of 24 for 30 and 36 pixels
  tf.dispose(predictions);
});

it("leaves no tensor behind, and gives masks of each picture's own size", async () => {
  const seen = views["squashed to 24x24"];
  const larger: Seen = { size: [60, 36], view: { ...seen.view, region: { top: 0, left: 0, height: 60, width: 36 } } };
  const predictions = perfect(viewObjects([object], seen.view));
  const twice = tf.tidy(() => ({
    boxes: tf.concat([predictions.boxes, predictions.boxes]),
    logits: tf.concat([predictions.logits, predictions.logits]),
    masks: { embeddings: tf.ones<tf.Rank.R3>([2, 1, 1]), pixels: tf.concat([predictions.masks!.pixels, predictions.masks!.pixels]) },
  }));
  const decode = () => detectionsInPictures(twice, { predictors: { kind: "tokens" } }, [seen, larger]);
  const [[small], [tall]] = await decode();
  expect([small.mask!.height, tall.mask!.height]).toEqual([30, 60]);
  expectClose([tall.box[1], tall.box[3]], [2 * small.box[1], 2 * small.box[3]], { relative: 1e-6 });
  await expectNoLeak(async () => void (await decode()));
  tf.dispose([predictions, twice]);
});
