import { applyViewToMap, wholeMap, type Box, type MapKind, type Maps, type MapSource, type PixelMap, type Seen, type Size, type View } from "@flexivit/data";
import type * as tf from "@tensorflow/tfjs-core";
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

/** What a model says of a picture as a map of it, with 255, 0 or zeros where the model saw nothing; arguments as above. */
export async function mapOfPicture<Kind extends MapKind>(maps: tf.Tensor3D | tf.Tensor4D, place: number, kind: Kind, { size, view }: Seen): Promise<PixelMap<Kind>> {
  const { box, values } = await shownMap(maps, place, kind, { size, view });
  const [height, width] = size;
  const part: Size = [box.height, box.width];
  const whole: Box = { top: -box.top, left: -box.left, height, width };
  return { size, values: cutOrPadded(kind, { size: part, values }, { region: { ...box, top: 0, left: 0 }, resized: part, window: whole }) };
}

/** A map through a view that neither resizes nor mirrors. */
function cutOrPadded<Kind extends MapKind>(kind: Kind, map: PixelMap<Kind>, view: Pick<View, "region" | "resized" | "window">): Maps[Kind] {
  const { height, width } = view.window;
  const channels = map.values.length / (map.size[0] * map.size[1]);
  const out = (kind === "labels" ? new Int32Array(height * width) : new Float32Array(height * width * channels)) as Maps[Kind];
  applyViewToMap(kind, map, { ...view, flip: false, resampling: "pil-bilinear" }, out);
  return out;
}
