import { sideBySide, type Pixels } from "@flexivit/data";
import { parseScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { predictTask, type HeadTask, type TaskModel, type TaskPredictions } from "flexivit";

/** How many test scenes are shown. */
export const shownScenes = 3;

/** Images of a batch [batch, height, width, channels] in [-1, 1]. */
type Images = { images: Float32Array; shape: [batch: number, height: number, width: number, channels: number] };

/** The pictures of a batch in 8 bits. */
export function picturesOf({ images, shape: [batch, height, width, channels] }: Images): Pixels[] {
  const length = height * width * channels;
  return Array.from({ length: batch }, (_, i) => {
    const pixels = Uint8Array.from(images.subarray(i * length, (i + 1) * length), (value) => Math.round((value + 1) * 127.5));
    return { pixels, size: [height, width], channels: channels as 1 | 3 };
  });
}

/** What a model says of a batch at a patch size, one answer per picture. */
export async function answersAt<T extends HeadTask>(model: TaskModel<T>, { images, shape }: Images, patchSize: string): Promise<TaskPredictions[T][]> {
  const input = tf.tensor4d(images, shape);
  try {
    return await predictTask(model, input, parseScheme(patchSize));
  } finally {
    input.dispose();
  }
}

/**
 * A PNG with a row per picture: the truth, then what a model says of it at each patch size.
 *
 * @param truths one drawing per picture
 * @param drawAt the drawings of all pictures at a patch size
 * @param seen the pictures themselves, before the truth, where it does not show them
 */
export async function sheetAgainstPatchSize(
  truths: readonly Uint8Array[],
  patchSizes: readonly string[],
  drawAt: (patchSize: string) => Promise<Uint8Array[]>,
  seen?: readonly Uint8Array[],
): Promise<Uint8Array> {
  const columns: { caption: string; pngs: readonly Uint8Array[] }[] = [...(seen ? [{ caption: "picture", pngs: seen }] : []), { caption: "truth", pngs: truths }];
  for (const size of patchSizes) columns.push({ caption: `patches of ${size} px`, pngs: await drawAt(size) });
  const rows = truths.flatMap((_, row) => columns.map(({ caption, pngs }) => ({ caption, png: pngs[row] })));
  return sideBySide(rows.map(({ png }) => png), { columns: columns.length, captions: rows.map(({ caption }) => caption) });
}
