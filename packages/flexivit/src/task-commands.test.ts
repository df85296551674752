import { cp, readFile, rm, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { maskBox, maskFromCoco, type CocoRle } from "@flexivit/annotations";
import type { MapSource } from "@flexivit/data";
import { depthErrors, depthMetrics, normalErrors, normalMetrics } from "@flexivit/depth";
import { disposeTree, leaves } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { readRun } from "@flexivit/run-log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";
import { sceneFiles, type SceneFiles } from "../test-support/scene-files.ts";
import { vit } from "../test-support/task-recipes.ts";
import { evaluateTask, initClassifierWeights, loadTaskModel, saveModel, type HeadTask, type TaskModel } from "./index.ts";
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
    expect([code, err]).toEqual([0, expect.stringContaining(`model:  backbone of ${models.detect} with a new head to segment at 24 px, patch size 12; 2 steps of 2 pictures\n`)]);
    const [before, after] = [await loadTaskModel(models.detect), await loadTaskModel(join(out, "tuned", "model.safetensors"))];
    expect([...after.params.backbone.patchEmbedding.kernel.dataSync()]).toEqual([...before.params.backbone.patchEmbedding.kernel.dataSync()]);
    disposeTree(before.params, after.params);
  });

  it("goes on with the head of a model of the same task, masks included, where no --head-config asks for another", async () => {
    const flags = ["--task", "detect", "--data", data.detect, "--val", data.detect, "--out", out, "--name", "same", "--from", models.detect, "--patch-size", "8", "--freeze", "head", "--steps", "1", "--batch-size", "2"];
    const { code, err } = await flexivit("train", ...flags);
    expect([code, err]).toEqual([0, expect.stringContaining(`model:  ${models.detect} with its head to detect at 24 px, patch size 8; 1 step of 2 pictures\n`)]);
    const [before, after] = [await loadTaskModel(models.detect), await loadTaskModel(join(out, "same", "model.safetensors"))];
    expect(after.info.head).toEqual(before.info.head);
    expect(leaves(after.params.head).map(({ path, tensor }) => [path, ...tensor.dataSync()])).toEqual(leaves(before.params.head).map(({ path, tensor }) => [path, ...tensor.dataSync()]));
    disposeTree(before.params, after.params);
  });

  it.each([
    ["detect", "AP", "AP (%)"],
    ["segment", "Mean IoU", "mean IoU (%)"],
    ["depth", "Delta 1", "delta 1 (%)"],
  ] as const)("of %s reports %s against patch size", async (task, title, axis) => {
    const report = await readFile(join(out, task, "report.html"), "utf8");
    expect(report).toContain(`${title} against patch size`);
    expect(report).toContain(axis);
  });

  it("goes on with --resume, and leaves a finished run as it is", async () => {
    const { code, err } = await train("segment", { resume: "" });
    expect([code, err]).toEqual([0, expect.stringContaining("This run is finished: all 30 steps were done before.\n")]);
  });

  it("weighs the terms of the loss as --loss-weights says, notes that, and does not go on with other weights", async () => {
    const flags = { name: "weighed", steps: "2", "loss-weights": "normals=0.25, depth=3" };
    expect((await train("depth", { val: data.depth, ...flags })).code).toBe(0);
    const { config, rows } = await readRun(join(out, "weighed"));
    expect(config).toMatchObject({ loss: { depth: { weight: 3 }, normals: { weight: 0.25 } } });
    for (const row of rows.filter((one) => "loss" in one)) expect(row["loss"]).toBeCloseTo(3 * Number(row["depth"]) + 0.25 * Number(row["normals"]), 4);
    const { code, err } = await train("depth", { val: data.depth, ...flags, "loss-weights": "normals=0.5,depth=3", resume: "" });
    expect([code, err]).toEqual([1, expect.stringContaining("\n  loss.normals.weight: 0.25 in the run, 0.5 now\n")]);
    const wrong = await train("segment", { name: "other", "loss-weights": "dice" });
    expect([wrong.code, wrong.err.split("\n")[0]]).toEqual([2, "error: option '--loss-weights <list>' argument 'dice' is invalid. Expected names with a number each, every name once, such as class=1,l1=5."]);
  });

  it("does not go on with --resume where a box of the annotations has moved", async () => {
    const [moved, same] = ["moved.json", "same.json"].map((name) => join(files.folder, name));
    const truth = JSON.parse(await readFile(files.coco, "utf8")) as { annotations: { bbox: number[] }[] };
    await writeFile(same, JSON.stringify(truth, null, 2));
    truth.annotations[1].bbox[0] += 1;
    await writeFile(moved, JSON.stringify(truth));
    const resume = (file: string) => train("detect", { data: file, val: data.detect, "head-config": join(files.folder, "head.json"), resume: "" });
    expect((await resume(same)).err).toContain("This run is finished: all 30 steps were done before.\n");
    const { code, err } = await resume(moved);
    expect([code, err]).toEqual([1, expect.stringMatching(/\n {2}data\.fingerprint: \S+ in the run, \S+ now\n/)]);
  });

  it.each([
    ["depth", { name: "other" }, "train(--val): expected pictures to test on beside nyu:NYU, got none. Name them with --val.\n"],
    ["classify" as HeadTask, { val: "x", name: "other" }, "train(--val): expected --task detect, segment or depth with it, got --task classify. Leave it out.\n"],
    ["segment", { mixup: "0.2", name: "other" }, "train(--mixup): expected a classifier with it, got --task segment. Leave out one of the two.\n"],
    ["segment", { data: "pictures", name: "other", val: "pictures" }, 'openTaskData(--data): expected ade20k:FOLDER or cityscapes:FOLDER for segment, got "pictures". Name one of these.\n'],
    ["depth", { val: "nyu:x", pictures: "x", data: "nyu:x", name: "other" }, 'openTaskData(pictures): expected a FILE.json in the COCO format with it, got "nyu:x". Leave it out.\n'],
    ["classify" as HeadTask, { "loss-weights": "dice=1", name: "other" }, "train(--loss-weights): expected --task detect, segment or depth with it, got --task classify. Leave it out.\n"],
    ["segment", { "loss-weights": "class=1", name: "other" }, 'train(--loss-weights): expected terms out of dice, which this head has, got "class". Correct its name or leave it out.\n'],
    ["segment", { "val-pictures": "x", name: "other" }, "train(--val-pictures): expected --val with it, got none. Leave it out.\n"],
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
  it.each(["detect", "segment", "depth"] as const)("of %s prints the figures of evaluateTask in pixels of the pictures at each patch size, the task known from the checkpoint", async (task) => {
    const { code, out: json } = await flexivit("evaluate", "--checkpoint", models[task], "--data", data[task], "--patch-sizes", "8,4", "--json");
    expect(code).toBe(0);
    const model = await loadTaskModel(models[task]);
    const source = await openTaskData<HeadTask>(task, data[task], { split: "validation" });
    const expected = [];
    for (const size of ["8", "4"]) {
      const { figures } = await evaluateTask(model as TaskModel, source, parseScheme(size), { pixels: "pictures" });
      if (task !== "detect") expect((await evaluateTask(model as TaskModel, source, parseScheme(size))).figures).not.toEqual(figures); // pictures of 30x36, seen as 24x24
      expected.push({ patchSize: size, tokens: (24 / Number(size)) ** 2, ...figures, pictures: 5, imagesPerSecond: expect.any(Number) });
    }
    expect(JSON.parse(json)).toEqual(expected);
    disposeTree(model.params);
  });

  it("writes what a detector found as a COCO result file, which gives the same numbers, of boxes and of masks", async () => {
    const results = join(out, "results.json");
    const flags = ["evaluate", "--checkpoint", models.detect, "--data", data.detect];
    const { out: json } = await flexivit(...flags, "--patch-size", "8", "--coco-results", results, "--json");
    const [figures] = JSON.parse(json) as Record<string, number>[];
    const of = async (iou: string) => JSON.parse((await flexivit("evaluate", "--task", "detect", "--annotations", data.detect, "--predictions", results, "--iou", iou, "--json")).out) as Record<string, number>;
    const [boxes, masks] = [await of("bbox"), await of("segm")];
    expect([boxes["AP"], boxes["AP75"], masks["AP"], masks["AR100"]]).toEqual([figures["AP"], figures["AP75"], figures["maskAP"], figures["maskAR100"]]);
    expect(boxes["detections"]).toBeGreaterThan(5);
    expect((await flexivit(...flags, "--patch-sizes", "8,4", "--coco-results", results)).err).toContain(
      "evaluate(--coco-results): expected one patch size with it, got 8, 4. Name one with --patch-size.\n",
    );
    expect((await flexivit("evaluate", "--checkpoint", models.depth, "--data", data.depth, "--coco-results", results)).err).toBe(
      "evaluate(--coco-results): expected a checkpoint of detect with it, got one of depth. Leave it out.\n",
    );
    expect((await flexivit(...flags, "--patch-size", "8", "--coco-results", out)).err).toBe(
      `evaluate(--coco-results): expected a file that can be written, got EISDIR at ${out}. Name another one.\n`,
    );
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
    const results = JSON.parse(json) as { classes: { class: string; share: number }[]; labelsFile: string; drawn: string }[];
    const alone = await flexivit("predict", "--checkpoint", models.segment, "--out", join(out, "alone"), "--patch-sizes", "6", "--json", files.pictures[1]);
    expect(results[1].classes).toEqual((JSON.parse(alone.out) as typeof results)[0].classes);
    expect(results[1].classes).not.toEqual(results[0].classes);
    for (const { classes, labelsFile, drawn } of results) {
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

  it("writes the depths and normals that evaluate measures: read as the truth they have the same errors, to what the files round", async () => {
    const { out: json } = await flexivit("predict", "--checkpoint", models.depth, "--out", join(out, "measured"), "--patch-size", "6", "--json", ...files.pictures);
    const found = JSON.parse(json) as { depthFile: string; normalsFile: string }[];
    const said = join(out, "said");
    for (const [index, { depthFile, normalsFile }] of found.entries()) {
      for (const [folder, file] of [["rgb", files.pictures[index]], ["depth", depthFile], ["normals", normalsFile]]) await cp(file, join(said, folder, `${index}.png`));
    }
    const [source, truth] = await Promise.all([said, files.nyu].map((folder) => openTaskData("depth", `nyu:${folder}`, { split: "validation" }) as Promise<MapSource<"depth" | "normals">>));
    const maps = (from: typeof source, kind: "depth" | "normals") => Promise.all(found.map(async (_, index) => (await from.readMap(index, kind)).values as Float32Array));
    const [depths, normals] = [depthMetrics((await pairs("depth")).map(([a, b]) => depthErrors(a, b))), normalMetrics((await pairs("normals")).map(([a, b]) => normalErrors(a, b)))];
    const [figures] = JSON.parse((await flexivit("evaluate", "--checkpoint", models.depth, "--data", data.depth, "--patch-size", "6", "--json")).out) as Record<string, number>[];
    expect(Math.abs(depths.rmse - figures["rmse"])).toBeLessThan(0.001); // a millimetre
    expect(Math.abs(normals.meanDeg - figures["normalMean"])).toBeLessThan(0.5); // 8 bits
    async function pairs(kind: "depth" | "normals") {
      const [a, b] = await Promise.all([maps(source, kind), maps(truth, kind)]);
      return a.map((values, index) => [values, b[index]] as const);
    }
  });

  it("prints a line per picture and patch size for people", async () => {
    const { out: table } = await predict("depth", "--patch-sizes", "8,6");
    expect(table.split("\n").filter((line) => /\.png +[86] +\d\S* to \d\S* m, median \d\S* m$/.test(line)).length).toBe(4);
    expect(table).toContain(`\npictures: ${join(out, "found")}\n`);
  });

  it("refuses another task than the checkpoint's, and drawing for a classifier", async () => {
    expect((await predict("detect", "--labels", "names.txt")).err).toBe("predict(--labels): expected a classifier with it, got a checkpoint of detect. Leave it out.\n");
    expect((await predict("segment", "--top", "2")).err).toBe("predict(--top): expected a classifier with it, got a checkpoint of segment. Leave it out.\n");
    expect((await predict("depth", "--score-threshold", "0.3")).err).toBe("predict(--score-threshold): expected a checkpoint of detect with it, got one of depth. Leave it out.\n");
    expect((await predict("depth", "--task", "classify")).err).toBe(`predict(--task): expected depth, which ${models.depth} was trained for, got classify. Leave --task out, or name another checkpoint.\n`);
    const classifier = join(out, "classifier.safetensors");
    const params = initClassifierWeights(vit, 2, 0, 9);
    await saveModel(classifier, { params, info: { vit, classes: ["a", "b"], imageSizePx: 24, framing: { kind: "squash" }, patchSizes: ["8"] } });
    disposeTree(params);
    const { err } = await flexivit("predict", "--checkpoint", classifier, "--score-threshold", "0.3", files.pictures[0]);
    expect(err).toBe("predict(--score-threshold): expected a checkpoint of detect, segment or depth with it, got a classifier. Leave it out.\n");
  });

  it("calls a damaged checkpoint damaged, whatever flags come with it, and refuses a file as its folder", async () => {
    const cut = join(out, "cut.safetensors");
    await writeFile(cut, (await readFile(models.depth)).subarray(0, 1000));
    expect((await flexivit("predict", "--checkpoint", cut, "--out", join(out, "x"), files.pictures[0])).err).toMatch(/^readSafetensors\(file\): expected a header of at most 992 bytes/);
    expect((await predict("depth", "--out", cut)).err).toBe(`predict(--out): expected a folder that can be written, got ENOTDIR at ${cut}. Name another one.\n`);
  });

  it("names what it draws by the picture, twice the same name where the picture is, numbered where another one is", async () => {
    const [first] = files.pictures;
    const other = join(files.folder, "other", basename(first));
    await cp(first, other);
    const { out: json } = await flexivit("predict", "--checkpoint", models.segment, "--out", join(out, "names"), "--patch-size", "8", "--json", first, other, first);
    expect((JSON.parse(json) as { drawn: string }[]).map(({ drawn }) => basename(drawn))).toEqual(["0.patch-8.png", "0-2.patch-8.png", "0.patch-8.png"]);
  });
});
