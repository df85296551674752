import { applyViewToMap, mapEvaluationBatches, pixelSource, type MapKind, type MapSource } from "@flexivit/data";
import { depthErrors, depthMetrics, initDense, normalErrors, normalMetrics } from "@flexivit/depth";
import { disposeTree } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { random } from "@flexivit/random";
import { resizeImages } from "@flexivit/resample";
import { confusionMatrix, initSegmenter, segmentationMetrics } from "@flexivit/segment";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { initVit } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenes, sceneSize } from "../../test-support/scenes.ts";
import { heads, vit } from "../../test-support/task-recipes.ts";
import { evaluateTask, type TaskModel, type TaskSources } from "../index.ts";
import { taskOutputs } from "./task-outputs.ts";

/** How PyTorch's `interpolate` joins by straight lines, as `resizeImages` names it. */
const straight = { kernel: "bilinear", antialias: false, alignment: "half-pixel" } as const;

describe("evaluateTask in pixels of the pictures", () => {
  const few = scenes(5, 2);
  const info = { vit, imageSizePx: 24, framing: { kind: "squash", resampling: "pil-bilinear" } as const, patchSizes: ["8"] };
  let models: { segment: TaskModel<"segment">; depth: TaskModel<"depth"> };
  beforeAll(() => {
    const segmenter = { ...heads.segment, kernelStd: 0.5 } as typeof heads.segment; // zeros would say nothing
    models = {
      segment: { params: { backbone: initVit(vit, 1), head: initSegmenter(segmenter, 4) }, info: { ...info, task: "segment", head: segmenter, classes: [...few.labels.classes] } },
      depth: { params: { backbone: initVit(vit, 2), head: initDense(heads.depth, 2) }, info: { ...info, task: "depth", head: heads.depth, classes: [] } },
    };
  });
  afterAll(() => disposeTree(models.segment.params, models.depth.params));

  /** The pixels 3..26 by 5..28 of the scenes: as many as the model sees. */
  function cut<Kind extends MapKind>(source: MapSource<Kind>): MapSource<Kind> {
    const region = { top: 3, left: 5, height: 24, width: 24 };
    const view = { region, resized: [24, 24] as const, window: { ...region, top: 0, left: 0 }, flip: false, resampling: "pil-bilinear" as const };
    const pixels = new Uint8Array(5 * 24 * 24 * 3);
    for (let index = 0; index < 5; index++) void source.read(index, { choose: () => view, stream: () => random(0, "unused"), out: pixels.subarray(index * 1728, (index + 1) * 1728) });
    return {
      ...source,
      ...pixelSource({ name: "cut scene", pixels, height: 24, width: 24, channels: 3, labels: Array<number>(5).fill(0), classes: ["scene"] }),
      classes: source.classes,
      async readMap(index, kind) {
        const map = await source.readMap(index, kind);
        const values = map.values.slice(0, (map.values.length / 1080) * 576) as typeof map.values;
        applyViewToMap(kind, map, view, values);
        return { size: [24, 24], values };
      },
    };
  }

  it("of pictures of the model's own size gives the figures in pixels of its input", async () => {
    const [labels, surfaces] = [cut(few.labels), cut(few.surfaces)];
    const scheme = patchScheme(6);
    const { figures } = await evaluateTask(models.segment, labels, scheme);
    expect(figures).toEqual((await evaluateTask(models.segment, labels, scheme, { pixels: "input" })).figures);
    expect(figures["meanIou"]).toBeGreaterThan(0.05); // there is something to compare
    const [inPictures, inInput] = await Promise.all([{ pixels: "pictures" } as const, { pixels: "input" } as const].map(async (options) => (await evaluateTask(models.depth, surfaces, scheme, options)).figures));
    expect(Object.keys(inPictures)).toEqual(Object.keys(inInput));
    for (const [name, value] of Object.entries(inInput)) {
      const tolerance = name === "normalMedian" ? { absolute: 0.0006 } : { relative: name.startsWith("normal") ? 1e-6 : 1e-12 }; // normals are made of length 1 again, their median is counted
      expectClose(inPictures[name], value, tolerance);
    }
  });

  /** What a model says of all scenes at patch size 8, resized to 30x36 px. */
  const resized = async <T extends "segment" | "depth">(model: TaskModel<T>, read: (outputs: ReturnType<typeof taskOutputs<T>>) => tf.Tensor4D) => {
    const [batch] = await Array.fromAsync(mapEvaluationBatches(few.labels, { batchSize: 5, imageSize: 24, framing: info.framing }));
    return tf.tidy(() => resizeImages(read(taskOutputs(model.params, model.info, tf.tensor4d(batch.images, batch.shape), { scheme: patchScheme(8) })), sceneSize, straight));
  };
  const truth = async <Kind extends "labels" | "depth" | "normals">(source: MapSource<Kind>, kind: Kind) => Promise.all([0, 1, 2, 3, 4].map(async (index) => (await source.readMap(index, kind)).values));

  it("of pictures of 30x36 px compares logits, resized from 24x24, with all of their labels", async () => {
    const logits = await resized(models.segment, (outputs) => outputs);
    const said = tf.tidy(() => tf.argMax(logits, -1).dataSync());
    const matrix = confusionMatrix((await truth(few.labels, "labels")).flatMap((labels) => [...labels]), said, { classes: 3 });
    const { meanIou, pixelAccuracy, meanAccuracy } = segmentationMetrics(matrix);
    const { figures } = await evaluateTask(models.segment, few.labels, patchScheme(8), { pixels: "pictures", batchSize: 3 });
    for (const [name, value] of Object.entries({ meanIou, pixelAccuracy, meanAccuracy })) expect(figures[name]).toBeCloseTo(value, 3); // a tie to rounding may fall otherwise in another batch
    expect(matrix.counts.reduce((sum, count) => sum + count)).toBe(5 * 30 * 36);
    logits.dispose();
  });

  it("compares depths and normals with all of theirs", async () => {
    const depths = await resized(models.depth, ({ depth }) => tf.expandDims(depth!, 3));
    const normals = await resized(models.depth, (outputs) => outputs.normals!);
    const [said, vectors] = [depths.dataSync(), normals.dataSync()];
    const { rmse, silog, delta1 } = depthMetrics((await truth(few.surfaces, "depth")).map((values, i) => depthErrors(said.slice(1080 * i, 1080 * (i + 1)), values)));
    const { meanDeg, medianDeg } = normalMetrics((await truth(few.surfaces, "normals")).map((values, i) => normalErrors(vectors.slice(3240 * i, 3240 * (i + 1)), values)));
    const { figures } = await evaluateTask(models.depth, few.surfaces, patchScheme(8), { pixels: "pictures", batchSize: 2 });
    for (const [name, value] of Object.entries({ rmse, silog, delta1, normalMean: meanDeg, normalMedian: medianDeg })) expectClose(figures[name], value, { relative: 1e-4 }); // float32, in other batches
    tf.dispose([depths, normals]);
  });

  it("leaves no tensor behind, done or stopped", async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    const sources: TaskSources = { detect: few.objects, segment: few.labels, depth: few.surfaces };
    for (const task of ["segment", "depth"] as const) {
      const evaluate = (signal?: AbortSignal) => evaluateTask<"segment" | "depth">(models[task], sources[task], patchScheme(8), { pixels: "pictures", signal });
      await expectNoLeak(async () => {
        await expect(evaluate(stop.signal)).rejects.toThrow("enough");
      });
      await expectNoLeak(async () => void (await evaluate()));
    }
  });
});
