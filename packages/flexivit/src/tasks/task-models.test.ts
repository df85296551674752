import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertBox, maskArea, type CocoDataset } from "@flexivit/annotations";
import { saveParams } from "@flexivit/checkpoint";
import { mapEvaluationBatches, normalisations, objectEvaluationBatches, type Batch } from "@flexivit/data";
import { depthErrors, depthMetrics, normalErrors, normalMetrics } from "@flexivit/depth";
import { cocoMetrics, cocoResults, type DetectorConfig } from "@flexivit/detect";
import { disposeTree, leaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { confusionMatrix, segmentationMetrics } from "@flexivit/segment";
import { expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newRun, recipeOf } from "../../test-support/task-recipes.ts";
import { scenes, sceneSize } from "../../test-support/scenes.ts";
import { evaluateTask, loadTaskModel, predictTask, saveTaskModel, trainTask, type HeadTask, type TaskModel, type TaskRecipe, type TaskSources } from "../index.ts";
import { detectTask } from "./detect.ts";

const few = scenes(5, 2);
const sources: TaskSources = { detect: few.objects, segment: few.labels, depth: few.surfaces };
const view = { batchSize: 5, imageSize: 24, framing: { kind: "squash", resampling: "pil-bilinear" } } as const;
const normalisation = normalisations.imagenet;
const models = {} as { [T in HeadTask]: TaskModel<T> };
const files = {} as Record<HeadTask, string>;
const folders: string[] = [];

async function learn<T extends HeadTask>(task: T, changes: Partial<TaskRecipe<T>> = {}): Promise<TaskModel<T>> {
  const recipe = recipeOf<T>(task, { steps: 40, ...changes });
  const run = await newRun(recipe);
  const { model, file } = await trainTask(recipe, { training: sources[task], test: sources[task], run });
  await run.finish("finished");
  folders.push(run.folder);
  files[task] = file;
  return model;
}

beforeAll(async () => {
  models.detect = await learn("detect");
  models.segment = await learn("segment", { normalisation });
  models.depth = await learn("depth");
});
afterAll(async () => {
  for (const { params } of Object.values(models)) disposeTree(params);
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** What a model says of all scenes at patch size 6. */
async function predictions<T extends HeadTask>(model: TaskModel<T>, { images, shape }: Batch | Pick<Batch, "images" | "shape">, scoreThreshold?: number) {
  const pictures = tf.tensor4d(images, shape);
  return predictTask(model, pictures, patchScheme(6), { scoreThreshold }).finally(() => pictures.dispose());
}

async function only<Item>(items: AsyncIterable<Item>): Promise<Item> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  expect(found.length).toBe(1);
  return found[0];
}

describe("evaluateTask", () => {
  it("of a detector gives cocoMetrics of its boxes stretched by 36/24 and 30/24, at a patch size that it never saw too", async () => {
    const found = await predictions(models.detect, await only(objectEvaluationBatches(few.objects, view)), 0.01);
    const [y, x] = sceneSize.map((side) => side / 24);
    const stretched = found.map((list) => list.map(({ box: [left, top, right, bottom], ...rest }) => ({ ...rest, mask: undefined, box: [left * x, top * y, right * x, bottom * y] as const })));
    const results = cocoResults(stretched, few.objects.imageIds, few.objects.categoryIds);
    const truth: CocoDataset = {
      images: few.objects.imageIds.map((id) => ({ id, height: 30, width: 36 })),
      categories: [{ id: 3, name: "blue" }, { id: 7, name: "red" }],
      annotations: few.objects.imageIds.flatMap((image_id, index) =>
        few.objects.objects(index).map(({ box, class: label, mask }) => ({ image_id, category_id: [3, 7][label], bbox: convertBox(box, "xyxy", "xywh"), area: maskArea(mask!), iscrowd: 0 as const })),
      ),
    };
    const { AP, AP50, AP75, APsmall, AR100 } = cocoMetrics(truth, results, { iou: "bbox" });
    const { figures, patchSize, tokens, pictures } = await evaluateTask(models.detect, few.objects, patchScheme(6));
    expect({ patchSize, tokens, pictures }).toEqual({ patchSize: "6", tokens: 16, pictures: 5 });
    expect(AP50).toBeGreaterThan(0.1); // there is something to compare
    expect(figures).toMatchObject({ AP, AP50, AP75, APsmall, AR100 });
    // Rectangles of 9x7 to 18x11 px: none is medium or large.
    expect(Object.keys(figures)).toEqual(["AP", "AP50", "AP75", "APsmall", "AR100", "maskAP", "maskAP50", "maskAP75", "maskAPsmall", "maskAR100"]);
  });

  it("counts an object as small, medium or large by the area in its file, else by its mask", async () => {
    const sized = (area: number) => ({ ...few.objects, objects: (index: number) => few.objects.objects(index).map((object) => ({ ...object, area })) });
    const sizesOf = async (source: typeof few.objects) => Object.keys((await evaluateTask(models.detect, source, patchScheme(8))).figures).filter((name) => /^AP(small|medium|large)$/.test(name));
    expect([await sizesOf(few.objects), await sizesOf(sized(40 ** 2)), await sizesOf(sized(100 ** 2))]).toEqual([["APsmall"], ["APmedium"], ["APlarge"]]);
    const whole = { box: [0, 0, 36, 30] as const, class: 0, crowd: false };
    expect(await sizesOf({ ...few.objects, objects: () => [{ ...whole, mask: few.objects.objects(0)[0].mask! }] })).toEqual(["APsmall"]); // 1080 px of box
  });

  it("of a segmenter gives the figures of the confusion matrix of its labels, pixels scaled as it was trained", async () => {
    const batch = await only(mapEvaluationBatches(few.labels, { ...view, normalisation }));
    const found = await predictions(models.segment, batch);
    const { meanIou, pixelAccuracy, meanAccuracy } = segmentationMetrics(confusionMatrix(batch.labels, found.flatMap((labels) => [...labels]), { classes: 3 }));
    expect((await evaluateTask(models.segment, few.labels, patchScheme(6), { batchSize: 2, pixels: "input" })).figures).toEqual({ meanIou, pixelAccuracy, meanAccuracy });
  });

  it("of depths and normals gives depthMetrics and normalMetrics over all pixels", async () => {
    const batch = await only(mapEvaluationBatches(few.surfaces, view));
    const found = await predictions(models.depth, batch);
    const part = (values: Float32Array, i: number) => values.subarray((i * values.length) / 5, ((i + 1) * values.length) / 5);
    const depths = depthMetrics(found.map(({ depth }, i) => depthErrors(depth!, part(batch.depth, i))));
    const normals = normalMetrics(found.map(({ normals }, i) => normalErrors(normals!, part(batch.normals, i))));
    const { figures } = await evaluateTask(models.depth, few.surfaces, patchScheme(6), { pixels: "input" });
    const { rmse, absRel, log10, delta1, delta2, delta3, silog } = depths;
    for (const [name, value] of Object.entries({ rmse, absRel, log10, silog, delta1, delta2, delta3 })) expect(figures[name], name).toBeCloseTo(value, 5); // float32, in other batches
    const { meanDeg, medianDeg, within11, within22, within30 } = normals;
    const angles = { normalMean: meanDeg, normalMedian: medianDeg, normalWithin11: within11, normalWithin22: within22, normalWithin30: within30 };
    for (const [name, value] of Object.entries(angles)) expect(figures[name], name).toBeCloseTo(value, 2); // acos near 1 turns 1e-7 into 0.02 degrees
    expect(Object.keys(figures).length).toBe(12);
  });

  it("refuses other classes, missing maps, pictures without objects, and to tell detections where there are none", async () => {
    const { detect, segment, depth } = models;
    await expect(evaluateTask(segment, { ...few.labels, classes: ["wall", "red", "blue"] }, patchScheme(6))).rejects.toThrow(
      new Error("evaluateTask(source): expected the model's 3 classes (wall, blue, red), got 3 (wall, red, blue). Evaluate on data with the same classes."),
    );
    await expect(evaluateTask(depth, few.depth, patchScheme(6))).rejects.toThrow(
      new Error("evaluateTask(head.normals): expected one of depth, as the data has, got normals. Leave it out of the head, or add such maps to the data."),
    );
    await expect(evaluateTask(detect, { ...few.objects, objects: () => [] }, patchScheme(6))).rejects.toThrow(
      new Error("evaluateTask(source): expected pictures with objects, got none in 5 pictures. Add annotations."),
    );
    await expect(evaluateTask(depth, few.surfaces, patchScheme(6), { onDetections: () => {} })).rejects.toThrow(
      new Error("evaluateTask(onDetections): expected a model of detect with it, got one of depth. Leave it out."),
    );
  });

  it("stops before the next batch where its signal is aborted, and leaves no tensor behind, done or stopped", async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    for (const task of ["detect", "segment", "depth"] as const) {
      const evaluate = (signal?: AbortSignal) => evaluateTask<HeadTask>(models[task], sources[task], patchScheme(8), { signal, pixels: "input" });
      await expectNoLeak(async () => {
        await expect(evaluate(stop.signal)).rejects.toThrow("enough");
      });
      await expectNoLeak(async () => void (await evaluate()));
    }
  });
});

describe("a file of a task model", () => {
  it("gives back configuration and weights: the same predictions to the bit", async () => {
    for (const task of ["detect", "segment", "depth"] as const) {
      const loaded = await loadTaskModel(files[task]);
      expect(loaded.info).toEqual(models[task].info);
      const batch = await only(objectEvaluationBatches(few.objects, view));
      expect(await predictions<HeadTask>(loaded, batch)).toEqual(await predictions<HeadTask>(models[task], batch));
      disposeTree(loaded.params);
    }
  });

  it("of another kind, or with weights of another config, is refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flexivit-task-file-"));
    folders.push(folder);
    const [other, changed] = [join(folder, "other.safetensors"), join(folder, "changed.safetensors")];
    await saveParams(other, { kernel: leaves(models.segment.params)[0].tensor }, {});
    await expect(loadTaskModel(other)).rejects.toThrow(
      new Error(`loadTaskModel(file): expected a model of a task, got another file in ${other}. Train one with trainTask or flexivit train --task.`),
    );
    const { params, info } = models.segment;
    await saveParams(other, params, { format: "flexivit-task-1" });
    await expect(loadTaskModel(other)).rejects.toThrow(new Error(`loadTaskModel(file): expected one of the tasks detect, segment, depth, got none in ${other}. Take a newer version of flexivit.`));
    await saveTaskModel(other, { params, info: { ...info, head: { ...info.head, classes: 1e9 } } });
    await expect(loadTaskModel(other)).rejects.toThrow(/^loadTaskModel\(file\): expected a config whose sizes are at most its \d+ weights, got 1000000000 in /);
    await saveTaskModel(changed, { params, info: { ...info, head: { ...info.head, classes: 5 } } });
    await expectNoLeak(async () => {
      await expect(loadTaskModel(changed)).rejects.toThrow(
        new Error(`loadTaskModel(file): expected "head/linear/kernel" of shape [32,5], got [32,3] in ${changed}. Write the file again.`),
      );
    });
  });
});

it("of boxes of a class that overlap by 0.7 the better stays where tokens predict; queries keep both", async () => {
  const boxes = tf.tensor3d([[[0.5, 0.5, 0.4, 0.4], [0.5, 0.5, 0.4, 0.28], [0.5, 0.5, 0.4, 0.2]]]); // IoU of 0.7 and 0.5 with the first
  const predictions = { boxes, logits: tf.tensor3d([[[0, 5, 0], [0, 4, 0], [0, 3, 0]]]) };
  const scoresOf = async (predictors: DetectorConfig["predictors"]) => {
    const [found] = await detectTask.predict(predictions, { dim: 8, classes: 2, objective: "softmax", predictors }, [24, 24], {});
    return found.map(({ score }) => Math.round(100 * score));
  };
  expect(await scoresOf({ kind: "tokens" })).toEqual([99, 91]);
  expect(await scoresOf({ kind: "queries", queries: 3, blocks: 1, heads: 1, hiddenDim: 8 })).toEqual([99, 96, 91]);
  tf.dispose(predictions);
});

it("predictTask leaves no tensor behind, and a detector's threshold leaves out what is below it", async () => {
  const { images, shape } = await only(objectEvaluationBatches(few.objects, view));
  const pictures = tf.tensor4d(images, shape);
  for (const task of ["detect", "segment", "depth"] as const) await expectNoLeak(async () => void (await predictTask<HeadTask>(models[task], pictures, patchScheme([4, 8]))));
  const [all, sure] = await Promise.all([0, 0.5].map((scoreThreshold) => predictTask(models.detect, pictures, patchScheme(8), { scoreThreshold })));
  expect(sure).toEqual(all.map((found) => found.filter(({ score }) => score >= 0.5)));
  expect(sure.flat().length).toBeLessThan(all.flat().length);
  pictures.dispose();
});
