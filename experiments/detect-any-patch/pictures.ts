import { drawObjects, objectEvaluationBatches, type PictureObject } from "@flexivit/data";
import type { TaskModel } from "flexivit";
import { firstOf } from "../chosen-pictures.ts";
import type { StudyPicture } from "../present.ts";
import { answersAt, picturesOf, sheetAgainstPatchSize, shownScenes } from "../shown-scenes.ts";
import type { Trial } from "../study.ts";
import type { Config } from "./config.ts";

/** Detections that are drawn have at least this score. */
const leastScore = 0.4;

/** What the flexible detector and one of the fixed ones find in some test scenes at every patch size. */
export async function foundAtEveryPatch({ config: { patchSizes, fixedPatchSizes }, data, models }: Trial<Config, "detect">): Promise<StudyPicture[]> {
  const middle = Math.floor(fixedPatchSizes.length / 2);
  const { info } = models[0].model;
  const [batch] = await Array.fromAsync(objectEvaluationBatches(firstOf(data.test, shownScenes), { batchSize: shownScenes, imageSize: info.imageSizePx, framing: info.framing }));
  const pictures = picturesOf(batch);
  const draw = (found: readonly (readonly (PictureObject & { score?: number })[])[]): Promise<Uint8Array[]> =>
    Promise.all(pictures.map((picture, i) => drawObjects(picture, found[i].map((object) => ({ ...object, label: info.classes[object.class] })))));
  const truths = await draw(batch.objects);
  const sheet = (model: TaskModel<"detect">): Promise<Uint8Array> =>
    sheetAgainstPatchSize(truths, patchSizes, async (size) => draw((await answersAt(model, batch, size)).map((found) => found.filter(({ score }) => score >= leastScore).map((one) => ({ ...one, crowd: false })))));
  const caption = `Test scenes at ${info.imageSizePx} px: the truth, and what is found with a score of at least ${leastScore} at each patch size.`;
  return [
    { name: "flexible", title: "Found by the flexible detector", caption, png: await sheet(models[0].model) },
    { name: "fixed", title: `Found by the detector of ${fixedPatchSizes[middle]} px`, caption, png: await sheet(models[1 + middle].model) },
  ];
}
