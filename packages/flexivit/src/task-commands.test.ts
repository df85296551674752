import { readFile, rm, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maskBox, maskFromCoco, type CocoRle } from "@flexivit/annotations";
import { disposeTree } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { readRun } from "@flexivit/run-log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";
import { sceneFiles, type SceneFiles } from "../test-support/scene-files.ts";
import { evaluateTask, loadTaskModel, type HeadTask, type TaskModel } from "./index.ts";
import { openTaskData } from "./open-task-data.ts";

let files: SceneFiles;
let out: string;
const models = {} as Record<HeadTask, string>;
const data = {} as Record<HeadTask, string>;

const train = (task: HeadTask, changes: Record<string, string> = {}) => {
  const flags = { task, data: data[task], out, name: task, variant: "mu", "image-size": "24", "patch-sizes": "8,6", steps: "30", "batch-size": "4", "learning-rate": "0.005", "no-flip": "", ...changes };
  return flexivit("train", ...Object.entries(flags).flatMap(([name, value]) => (value === "" ? [`--${name}`] : [`--${name}`, value])), "--json");
};

beforeAll(async () => {
  files = await sceneFiles(5, 4);
  out = await mkdtemp(join(tmpdir(), "flexivit-task-runs-"));
  Object.assign(data, { classify: "pictures", detect: files.coco, segment: `ade20k:${files.ade20k}`, depth: `nyu:${files.nyu}` });
  const head = join(files.folder, "head.json");
  await writeFile(head, JSON.stringify({ masks: { dim: 8 } }));
  const trained = [await train("detect", { val: data.detect, "head-config": head }), await train("segment"), await train("depth", { val: data.depth })];
  const failed = trained.find(({ code }) => code !== 0);
  if (failed) throw new Error(failed.err);
  for (const task of ["detect", "segment", "depth"] as const) models[task] = join(out, task, "model.safetensors");
});
afterAll(() => Promise.all([files.folder, out].map((folder) => rm(folder, { recursive: true }))));

describe("flexivit train --task", () => {
  it("notes task, head and data in the run, and trains a head on a model that is there", async () => {
    const { config, rows, summary } = await readRun(join(out, "depth"));
    expect(config).toMatchObject({ task: "depth", head: { dim: 32, blocks: ["0"], stridesPx: [4], normals: true }, data: { trainingPictures: 5, testPictures: 5, classes: 0 } });
    expect(Object.keys(summary.values)).toEqual(expect.arrayContaining(["rmse/8", "rmse/6", "normalMean/8"]));
    expect(rows[0]["loss"]).toBeCloseTo(Number(rows[0]["depth"]) + Number(rows[0]["normals"]), 5);
    const { code, err } = await flexivit("train", "--task", "segment", "--data", data.segment, "--out", out, "--name", "tuned", "--from", models.detect, "--patch-size", "12", "--freeze", "backbone", "--steps", "2", "--batch-size", "2");
    expect([code, err]).toEqual([0, expect.stringContaining(`model:  backbone of ${models.detect} with a head to segment at 24 px, patch size 12; 2 steps of 2 pictures\n`)]);
    const [before, after] = [await loadTaskModel(models.detect), await loadTaskModel(join(out, "tuned", "model.safetensors"))];
    expect([...after.params.backbone.patchEmbedding.kernel.dataSync()]).toEqual([...before.params.backbone.patchEmbedding.kernel.dataSync()]);
    disposeTree(before.params, after.params);
  });

  it("goes on with --resume, and leaves a finished run as it is", async () => {
    const { code, err } = await train("segment", { resume: "" });
    expect([code, err]).toEqual([0, expect.stringContaining("This run is finished: all 30 steps were done before.\n")]);
  });

  it.each([
    ["depth", { name: "other" }, "train(--val): expected pictures to test on beside nyu:NYU, got none. Name them with --val.\n"],
    ["classify" as HeadTask, { val: "x", name: "other" }, "train(--val): expected --task detect, segment or depth with it, got --task classify. Leave it out.\n"],
    ["segment", { mixup: "0.2", name: "other" }, "train(--mixup): expected a classifier with it, got --task segment. Leave out one of the two.\n"],
    ["segment", { data: "pictures", name: "other", val: "pictures" }, 'openTaskData(--data): expected ade20k:FOLDER or cityscapes:FOLDER for segment, got "pictures". Name one of these.\n'],
    ["segment", { freeze: "backbone/block/0", name: "other" }, expect.stringContaining('got "backbone/block/0". Name weights that this model has.\n')],
    ["segment", { "head-config": "HEAD", name: "other" }, expect.stringContaining('got "masks" in ')],
  ] as [HeadTask, Record<string, string>, string][])("of %s with %o is refused before a run folder is made", async (task, changes, err) => {
    const places = { HEAD: join(files.folder, "head.json") } as Record<string, string>;
    const named = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, places[value] ?? value]));
    const refused = await train(task, named);
    expect({ ...refused, err: refused.err.replace(files.nyu, "NYU") }).toEqual({ code: 1, out: "", err });
    expect(await readdir(out)).not.toContain("other");
  });
});

describe("flexivit evaluate", () => {
  it.each(["detect", "segment", "depth"] as const)("of %s prints the figures of evaluateTask at each patch size, the task known from the checkpoint", async (task) => {
    const { code, out: json } = await flexivit("evaluate", "--checkpoint", models[task], "--data", data[task], "--patch-sizes", "8,4", "--json");
    expect(code).toBe(0);
    const model = await loadTaskModel(models[task]);
    const source = await openTaskData<HeadTask>(task, data[task], { split: "validation" });
    const expected = [];
    for (const size of ["8", "4"]) {
      const { figures } = await evaluateTask(model as TaskModel, source, parseScheme(size));
      expected.push({ patchSize: size, tokens: (24 / Number(size)) ** 2, ...figures, pictures: 5, imagesPerSecond: expect.any(Number) });
    }
    expect(JSON.parse(json)).toEqual(expected);
    disposeTree(model.params);
  });

  it("shows them as a table", async () => {
    const { out: table } = await flexivit("evaluate", "--task", "depth", "--checkpoint", models.depth, "--data", data.depth, "--patch-size", "6");
    expect(table).toMatch(/^patch size {2}tokens {2}RMSE +AbsRel +log10 +delta 1 +delta 2 +delta 3 +SILog +normals: mean ° +median ° +< 11.25° +< 22.5° +< 30° +images\/s\n/);
    expect(table).toMatch(/\n6 +16 +\d\.\d+ +0\.\d+ +0\.\d+ +\d+\.\d\d % /);
  });

  it("refuses another task than the checkpoint's, and a set of another task", async () => {
    expect((await flexivit("evaluate", "--checkpoint", models.depth, "--data", data.depth, "--normalisation", "imagenet")).err).toBe(
      "evaluate(--normalisation): expected a classifier with it, got a checkpoint of depth. Leave it out.\n",
    );
    expect((await flexivit("evaluate", "--task", "segment", "--checkpoint", models.depth, "--data", data.depth)).err).toBe(
      `evaluate(--task): expected depth, which ${models.depth} was trained for, got segment. Leave --task out, or name another checkpoint.\n`,
    );
    const { err } = await flexivit("evaluate", "--checkpoint", models.detect, "--data", data.depth);
    expect(err).toContain(`openTaskData(--data): expected coco:FOLDER or FILE.json in the COCO format for detect, got "${data.depth}". Name one of these.\n`);
  });
});

type Found = { class: string; category_id: number; score: number; bbox: number[]; segmentation: CocoRle };

describe("flexivit predict", () => {
  const predict = (task: HeadTask, ...more: string[]) => flexivit("predict", "--checkpoint", models[task], "--out", join(out, "found"), ...files.pictures.slice(0, 2), ...more);
  const pngSize = async (file: string) => {
    const bytes = await readFile(file);
    return [bytes.readUInt32BE(20), bytes.readUInt32BE(16)];
  };

  it("of a detector gives boxes and masks in pixels of the pictures, and draws them at each patch size", async () => {
    const { code, out: json } = await predict("detect", "--patch-sizes", "8,4", "--score-threshold", "0.05", "--json");
    expect(code).toBe(0);
    const results = JSON.parse(json) as { file: string; patchSize: string; objects: Found[]; drawn: string }[];
    expect(results.map(({ file, patchSize, drawn }) => [file, patchSize, drawn])).toEqual(
      [0, 1].flatMap((index) => ["8", "4"].map((size) => [files.pictures[index], size, join(out, "found", `${index}.patch-${size}.png`)])),
    );
    const objects = results.flatMap((result) => result.objects);
    expect(objects.length).toBeGreaterThan(3);
    for (const { bbox: [x, y, width, height], segmentation, score, category_id, class: name } of objects) {
      expect(Math.min(x, y, 36 - x - width, 30 - y - height)).toBeGreaterThanOrEqual(-1e-9); // the whole picture is 30x36 px
      expect(score).toBeGreaterThanOrEqual(0.05);
      expect({ 3: "blue", 7: "red" }[category_id]).toBe(name);
      const [, , maskWidth, maskHeight] = maskBox(maskFromCoco(segmentation, [30, 36]));
      expect(Math.max(maskWidth / 36, maskHeight / 30)).toBeLessThanOrEqual(1);
    }
    for (const { drawn } of results) {
      const [rows, columns] = await pngSize(drawn);
      expect(rows / columns).toBeCloseTo(30 / 36, 2);
    }
  });

  it("of a segmenter gives shares that sum to 1 and a map of labels of the picture's size", async () => {
    const { out: json } = await predict("segment", "--patch-sizes", "6", "--json");
    for (const { classes, labelsFile, drawn } of JSON.parse(json) as { classes: { class: string; share: number }[]; labelsFile: string; drawn: string }[]) {
      expect(classes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(classes[0].class).toBe("wall");
      expect(await pngSize(labelsFile)).toEqual([30, 36]);
      expect((await readFile(drawn)).length).toBeGreaterThan(500);
    }
  });

  it("of depths gives their range in metres, and maps of depth and normals that nyuDepth reads", async () => {
    const { out: json } = await predict("depth", "--patch-sizes", "6x4", "--json");
    for (const { depth, depthFile, normalsFile, drawn } of JSON.parse(json) as { depth: Record<string, number>; depthFile: string; normalsFile: string; drawn: string }[]) {
      expect(depth["nearest"]).toBeLessThanOrEqual(depth["median"]);
      expect(depth["farthest"]).toBeLessThan(20);
      expect(depthFile).toBe(join(out, "found", drawn.split("/").at(-1)!.replace(".png", ".depth.png")));
      expect([await pngSize(depthFile), await pngSize(normalsFile)]).toEqual([[30, 36], [30, 36]]);
      expect((await readFile(depthFile))[24]).toBe(16); // bits per value
    }
  });

  it("prints a line per picture and patch size for people", async () => {
    const { out: table } = await predict("depth", "--patch-sizes", "8,6");
    expect(table.split("\n").filter((line) => /\.png +[86] +\d\S* to \d\S* m, median \d\S* m$/.test(line)).length).toBe(4);
    expect(table).toContain(`\npictures: ${join(out, "found")}\n`);
  });

  it("refuses another task than the checkpoint's, and drawing for a classifier", async () => {
    expect((await predict("detect", "--labels", "names.txt")).err).toBe("predict(--labels): expected a classifier with it, got a checkpoint of detect. Leave it out.\n");
    expect((await predict("depth", "--task", "classify")).err).toBe(`predict(--task): expected depth, which ${models.depth} was trained for, got classify. Leave --task out, or name another checkpoint.\n`);
    const classifier = await flexivit("predict", "--checkpoint", join(out, "none.safetensors"), "--score-threshold", "0.3", files.pictures[0]);
    expect(classifier.err).toBe("predict(--score-threshold): expected a checkpoint of detect, segment or depth with it, got a classifier. Leave it out.\n");
  });
});
