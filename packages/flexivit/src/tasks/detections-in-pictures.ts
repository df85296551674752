import { objectsInPicture, type Seen, type Size } from "@flexivit/data";
import { decodeDetections, type Detection, type DetectorConfig, type Predictions } from "@flexivit/detect";
import { decodingOf } from "./decoding.ts";

/**
 * What was found in the pictures of a batch, in pixels of the pictures as they were before they were cut to the model's size.
 *
 * Masks are decoded at the scale of the picture, so that they are no coarser there than the head says them.
 *
 * @param seen size and view of each picture
 */
export async function detectionsInPictures(
  predictions: Predictions,
  config: Pick<DetectorConfig, "objective" | "predictors">,
  seen: readonly Seen[],
  options: { scoreThreshold?: number } = {},
): Promise<Detection[][]> {
  const sizesPx = seen.map(windowInPicture);
  const found = await decodeDetections(predictions, { ...options, ...decodingOf(config), sizesPx });
  return found.map((objects, i) => objectsInPicture(objects, seen[i], sizesPx[i]));
}

/** Height and width of a view's window in pixels of the picture. */
function windowInPicture({ view: { region, resized, window } }: Seen): Size {
  const height = Math.round((window.height * region.height) / resized[0]);
  const width = Math.round((window.width * region.width) / resized[1]);
  return [Math.max(1, height), Math.max(1, width)];
}
