import type { Box, MapKind, Maps, Seen } from "@flexivit/data";
import * as tf from "@tensorflow/tfjs-core";
import { emptyMap } from "./empty-map.ts";
import { resizeToShown, shownBox, shownPixels } from "./shown-pixels.ts";

/** What becomes of the resized values of each pixel, [1, height, width, channels]. */
const decide: { readonly [Kind in MapKind]: (tile: tf.Tensor4D) => tf.Tensor } = {
  labels: (scores) => tf.argMax(scores, -1),
  depth: (depths) => depths,
  normals: (vectors) => tf.mul(vectors, tf.rsqrt(tf.add(tf.sum(tf.square(vectors), -1, true), 1e-12))), // as `dense` makes them
};

/**
 * What a model says of the pixels of a picture that it saw, from maps over the windows of a batch.
 *
 * Scores of classes are resized before the best class is taken, as in MMSegmentation; normals are resized as vectors and made
 * of length 1 again.
 *
 * @param maps [batch, height, width], or with channels; of labels one score per class
 * @param place of the picture in the batch
 * @returns the pixels as a rectangle of the picture, and the values of each
 */
export async function shownMap<Kind extends MapKind>(maps: tf.Tensor3D | tf.Tensor4D, place: number, kind: Kind, seen: Seen): Promise<{ box: Box; values: Maps[Kind] }> {
  const shown = shownPixels(seen);
  const box = shownBox(shown);
  const out = emptyMap(kind, box.height * box.width);
  const [, height, width] = maps.shape;
  const one = tf.tidy(() => tf.reshape<tf.Rank.R4>(tf.slice(maps, [place], [1]), [1, height, width, -1]));
  return { box, values: await resizeToShown(one, shown, decide[kind], out).finally(() => one.dispose()) };
}
