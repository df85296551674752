import { drawDepth, drawNormals, drawObjects, mapEvaluationBatches } from "@flexivit/data";
import type { TaskModel, TaskPredictions } from "flexivit";
import { firstOf } from "../chosen-pictures.ts";
import type { StudyPicture } from "../present.ts";
import { answersAt, picturesOf, sheetAgainstPatchSize } from "../shown-scenes.ts";
import type { Trial } from "../study.ts";
import type { Config } from "./config.ts";

/** How many test pictures are shown. */
const shown = 2;

type MapsOfPicture = Required<TaskPredictions["depth"]>;

/** The depths and normals that the flexible model and one of the fixed ones tell for some test pictures at every patch size. */
export async function mapsAtEveryPatch({ config: { patchSizes, fixedPatchSizes }, data, models }: Trial<Config, "depth">): Promise<StudyPicture[]> {
  const middle = Math.floor(fixedPatchSizes.length / 2);
  const { imageSizePx, framing } = models[0].model.info;
  const [batch] = await Array.fromAsync(mapEvaluationBatches(firstOf(data.test, shown), { batchSize: shown, imageSize: imageSizePx, framing }));
  const pixels = imageSizePx ** 2;
  const truths = Array.from({ length: shown }, (_, i) => ({
    depth: batch.depth.subarray(i * pixels, (i + 1) * pixels),
    normals: (batch as { normals: Float32Array }).normals.subarray(3 * i * pixels, 3 * (i + 1) * pixels),
  }));
  const seen = await Promise.all(picturesOf(batch).map((picture) => drawObjects(picture, [])));
  const draw = async (maps: readonly MapsOfPicture[]): Promise<Uint8Array[]> => (await Promise.all(maps.map((map, i) => drawMaps(map, truths[i].depth, imageSizePx)))).flat();
  const sheet = async (model: TaskModel<"depth">): Promise<Uint8Array> =>
    sheetAgainstPatchSize(await draw(truths), patchSizes, async (size) => draw((await answersAt(model, batch, size)) as MapsOfPicture[]), seen.flatMap((png) => [png, png]));
  const caption = `Test pictures at ${imageSizePx} px: what is seen, and depths and normals, as they are and as told at each patch size. A picture's depths are drawn on one scale.`;
  return [
    { name: "flexible", title: "Depths and normals of the flexible model", caption, png: await sheet(models[0].model) },
    { name: "fixed", title: `Depths and normals of the model of ${fixedPatchSizes[middle]} px`, caption, png: await sheet(models[1 + middle].model) },
  ];
}

/** Depths and normals, the depths between the nearest and the farthest of the truth. */
function drawMaps({ depth, normals }: MapsOfPicture, truth: Float32Array, side: number): Promise<Uint8Array[]> {
  const known = truth.filter((metres) => metres > 0);
  const nearest = known.reduce((least, metres) => Math.min(least, metres));
  const farthest = known.reduce((most, metres) => Math.max(most, metres));
  return Promise.all([drawDepth(depth, [side, side], { nearest, farthest }), drawNormals(normals, [side, side])]);
}
