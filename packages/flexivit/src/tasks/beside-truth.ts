import { applyViewToMap, wholeMap, type MapKind, type Maps, type MapSource, type Seen } from "@flexivit/data";
import * as tf from "@tensorflow/tfjs-core";
import { resizeToShown, shownBox, shownPixels } from "./shown-pixels.ts";

/** A map that a model says, and the true one, of the pixels of a picture that the model saw. */
export type BesideTruth<Kind extends MapKind> = { said: Maps[Kind]; truth: Maps[Kind] };

/**
 * What a model says of a picture, resized to the picture's own pixels, and what is true there.
 *
 * Class scores are resized before the best class is taken, as in MMSegmentation. Normals are resized as vectors and are then
 * a little shorter than 1 at edges: their angles do not change with that.
 *
 * @param maps [batch, height, width], or with channels, over the windows of a batch; of labels one score per class
 * @param place of the picture in the batch
 * @param index of the picture in the source
 * @throws where the true map has another size than its picture, or cannot be read
 */
export async function besideTruth<Kind extends MapKind>(
  maps: tf.Tensor3D | tf.Tensor4D,
  place: number,
  kind: Kind,
  { source, index, seen }: { source: MapSource<Kind>; index: number; seen: Seen },
): Promise<BesideTruth<Kind>> {
  const shown = shownPixels(seen);
  const box = shownBox(shown);
  const truth = await wholeMap(source, index, kind, seen.size);
  const pixels = box.height * box.width;
  const empty = (): Maps[Kind] => (kind === "labels" ? new Int32Array(pixels) : new Float32Array(pixels * (kind === "normals" ? 3 : 1))) as Maps[Kind];
  const trueValues = empty();
  const window = { ...box, top: 0, left: 0 };
  applyViewToMap(kind, truth, { region: box, resized: [box.height, box.width], window, flip: false, resampling: "pil-bilinear" }, trueValues);
  const [, height, width] = maps.shape;
  const one = tf.tidy(() => tf.reshape<tf.Rank.R4>(tf.slice(maps, [place], [1]), [1, height, width, -1]));
  try {
    const decide = (tile: tf.Tensor4D): tf.Tensor => (kind === "labels" ? tf.argMax(tile, -1) : tile);
    return { said: await resizeToShown(one, shown, decide, empty()), truth: trueValues };
  } finally {
    one.dispose();
  }
}
