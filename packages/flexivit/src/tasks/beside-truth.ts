import { wholeMap, type MapKind, type Maps, type MapSource, type Seen } from "@flexivit/data";
import type * as tf from "@tensorflow/tfjs-core";
import { cutOrPadded } from "./cut-or-padded.ts";
import { shownMap } from "./shown-map.ts";

/** A map that a model says, and the true one, of the pixels of a picture that the model saw. */
export type BesideTruth<Kind extends MapKind> = { said: Maps[Kind]; truth: Maps[Kind] };

/**
 * What a model says of a picture, resized to the picture's own pixels, and what is true there.
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
  const truth = await wholeMap(source, index, kind, seen.size);
  const { box, values } = await shownMap(maps, place, kind, seen);
  const { height, width } = box;
  return { said: values, truth: cutOrPadded(kind, truth, { region: box, resized: [height, width], window: { top: 0, left: 0, height, width } }) };
}
