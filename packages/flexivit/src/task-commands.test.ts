import { cp, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { maskBox, maskFromCoco, type CocoRle } from "@flexivit/annotations";
import type { MapSource } from "@flexivit/data";
import { depthErrors, depthMetrics, normalErrors, normalMetrics } from "@flexivit/depth";
import { disposeTree } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";
import { vit } from "../test-support/task-recipes.ts";
import { taskRuns, type TaskRuns } from "../test-support/task-runs.ts";
import { evaluateTask, initClassifierWeights, loadTaskModel, saveModel, type HeadTask, type TaskModel } from "./index.ts";
import { openTaskData } from "./open-task-data.ts";

let runs: TaskRuns;
let { files, out, models, data } = {} as TaskRuns;
beforeAll(async () => void ({ files, out, models, data } = runs = await taskRuns()));
afterAll(() => runs.remove());

describe("flexivit evaluate", () => {
  it.each(["detect", "segment", "depth"] as const)("of %s prints the figures of evaluateTask in pixels of the pictures at each patch size, the task known from the checkpoint", async (task) => {
    const { code, out: json } = await flexivit("evaluate", "--checkpoint", models[task], "--data", data[task], "--patch-sizes", "8,4", "--json");
    expect(code).toBe(0);
    const model = await loadTaskModel(models[task]);
    const source = await openTaskData<HeadTask>(task, data[task], { split: "validation" });
    const expected = [];
    for (const size of ["8", "4"]) {
      const { figures } = await evaluateTask(model as TaskModel, source, parseScheme(size));
      if (task !== "detect") expect((await evaluateTask(model as TaskModel, source, parseScheme(size), { pixels: "input" })).figures).not.toEqual(figures); // pictures of 30x36, seen as 24x24
      expected.push({ patchSize: size, tokens: (24 / Number(size)) ** 2, ...figures, pictures: 5, imagesPerSecond: expect.any(Number) });
    }
    expect(JSON.parse(json)).toEqual(expected);
    disposeTree(model.params);
  });

  it("writes what a detector found as a COCO result file, which gives the same numbers, of boxes and of masks", async () => {
    const [results, truth] = [join(out, "results.json"), join(files.folder, "found-before.json")];
    const flags = ["evaluate", "--checkpoint", models.detect, "--data", truth];
    await cp(data.detect, truth);
    await flexivit(...flags, "--patch-size", "8", "--coco-results", results);
    // Every third of its own detections as the truth: after 30 steps, AP of the true objects is 0.
    const found = JSON.parse(await readFile(results, "utf8")) as { bbox: number[] }[];
    const annotations = found.filter((_, i) => i % 3 === 1).map((one, id) => ({ ...one, id, area: one.bbox[2] * one.bbox[3], iscrowd: 0 }));
    await writeFile(truth, JSON.stringify({ ...(JSON.parse(await readFile(truth, "utf8")) as object), annotations }));
    const { out: json } = await flexivit(...flags, "--patch-size", "8", "--coco-results", results, "--json");
    const [figures] = JSON.parse(json) as Record<string, number>[];
    const of = async (iou: string) => JSON.parse((await flexivit("evaluate", "--task", "detect", "--annotations", truth, "--predictions", results, "--iou", iou, "--json")).out) as Record<string, number>;
    const [boxes, masks] = [await of("bbox"), await of("segm")];
    expect([boxes["AP"], boxes["AP75"], masks["AP"], masks["AR100"]]).toEqual([figures["AP"], figures["AP75"], figures["maskAP"], figures["maskAR100"]]);
    for (const { AP } of [boxes, masks]) expect([AP > 0.1, AP < 0.9]).toEqual([true, true]);
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

  it("writes that file too where nobody knows what is in the pictures, as in COCO's test sets, and says that there are no figures", async () => {
    const [unknown, known, file] = ["unknown.json", "known.json", "of-unknown.json"].map((name) => join(files.folder, name));
    const { images, categories } = JSON.parse(await readFile(data.detect, "utf8")) as Record<string, unknown>;
    await writeFile(unknown, JSON.stringify({ images, categories }));
    const evaluate = (set: string, results: string) => flexivit("evaluate", "--checkpoint", models.detect, "--data", set, "--patch-size", "8", "--coco-results", results, "--json");
    const { code, out: json, err } = await evaluate(unknown, file);
    expect([code, err]).toEqual([0, expect.stringContaining(`no figures: nothing is known of what is in the pictures of ${unknown}\n`)]);
    expect(Object.keys((JSON.parse(json) as object[])[0])).toEqual(["patchSize", "tokens", "pictures", "imagesPerSecond"]);
    expect((await evaluate(data.detect, known)).code).toBe(0);
    expect(await readFile(file, "utf8")).toBe(await readFile(known, "utf8"));
    const before = await readFile(unknown);
    expect((await evaluate(unknown, join(files.folder, ".", "unknown.json"))).err).toBe(
      `evaluate(--coco-results): expected another file than ${unknown}, which is read, got ${unknown}. Name another one.\n`,
    );
    expect(await readFile(unknown)).toEqual(before);
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
