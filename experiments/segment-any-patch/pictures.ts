import { drawLabels, ignoreLabel, mapEvaluationBatches } from "@flexivit/data";
import type { TaskModel } from "flexivit";
import { firstOf } from "../chosen-pictures.ts";
import type { StudyPicture } from "../present.ts";
import { answersAt, picturesOf, sheetAgainstPatchSize, shownScenes } from "../shown-scenes.ts";
import type { Trial } from "../study.ts";
import type { Config } from "./config.ts";

/** How the flexible segmenter and one of the fixed ones label some test scenes at every patch size. */
export async function labelsAtEveryPatch({ config: { patchSizes, fixedPatchSizes }, data, models }: Trial<Config, "segment">): Promise<StudyPicture[]> {
  const middle = Math.floor(fixedPatchSizes.length / 2);
  const { info } = models[0].model;
  const [batch] = await Array.fromAsync(mapEvaluationBatches(firstOf(data.test, shownScenes), { batchSize: shownScenes, imageSize: info.imageSizePx, framing: info.framing }));
  const pictures = picturesOf(batch);
  const pixels = info.imageSizePx ** 2;
  const background = info.classes.indexOf("background"); // is left as it is
  const shown = (labels: Int32Array): Int32Array => labels.map((label) => (label === background ? ignoreLabel : label));
  const draw = (labels: readonly Int32Array[]): Promise<Uint8Array[]> => Promise.all(pictures.map((picture, i) => drawLabels(picture, shown(labels[i]), info.classes)));
  const truths = await draw(pictures.map((_, i) => batch.labels.subarray(i * pixels, (i + 1) * pixels)));
  const sheet = (model: TaskModel<"segment">): Promise<Uint8Array> => sheetAgainstPatchSize(truths, patchSizes, async (size) => draw(await answersAt(model, batch, size)));
  const caption = `Test scenes at ${info.imageSizePx} px: the truth, and the classes of the pixels at each patch size.`;
  return [
    { name: "flexible", title: "Labelled by the flexible segmenter", caption, png: await sheet(models[0].model) },
    { name: "fixed", title: `Labelled by the segmenter of ${fixedPatchSizes[middle]} px`, caption, png: await sheet(models[1 + middle].model) },
  ];
}
