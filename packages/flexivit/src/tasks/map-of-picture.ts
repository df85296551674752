import type { Box, MapKind, PixelMap, Seen, Size } from "@flexivit/data";
import type * as tf from "@tensorflow/tfjs-core";
import { cutOrPadded } from "./cut-or-padded.ts";
import { shownMap } from "./shown-map.ts";

/**
 * What a model says of a picture as a map of it, with 255, 0 or zeros where the model saw nothing.
 *
 * @param maps [batch, height, width], or with channels, over the windows of a batch; of labels one score per class
 * @param place of the picture in the batch
 */
export async function mapOfPicture<Kind extends MapKind>(maps: tf.Tensor3D | tf.Tensor4D, place: number, kind: Kind, { size, view }: Seen): Promise<PixelMap<Kind>> {
  const { box, values } = await shownMap(maps, place, kind, { size, view });
  const [height, width] = size;
  const part: Size = [box.height, box.width];
  const whole: Box = { top: -box.top, left: -box.left, height, width };
  return { size, values: cutOrPadded(kind, { size: part, values }, { region: { ...box, top: 0, left: 0 }, resized: part, window: whole }) };
}
