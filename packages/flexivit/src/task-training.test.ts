import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { disposeTree, leaves } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { readRun } from "@flexivit/run-log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";
import { taskRuns, type TaskRuns } from "../test-support/task-runs.ts";
import { evaluateTask, loadTaskModel, type HeadTask, type TaskModel } from "./index.ts";
import { openTaskData } from "./open-task-data.ts";

let runs: TaskRuns;
let { files, out, models, data, train } = {} as TaskRuns;
beforeAll(async () => void ({ files, out, models, data, train } = runs = await taskRuns(["detect", "depth"])));
afterAll(() => runs.remove());

describe("flexivit train --task", () => {
  it("notes task, head and data in the run, and trains a head on a model that is there", async () => {
    const { config, rows, summary } = await readRun(join(out, "depth"));
    expect(config).toMatchObject({ task: "depth", head: { dim: 32, blocks: ["0"], stridesPx: [4], normals: true }, data: { trainingPictures: 5, testPictures: 5, classes: 0 } });
    expect(Object.keys(summary.values)).toEqual(expect.arrayContaining(["rmse/8", "rmse/6", "normalMean/8"]));
    expect(rows[0]["loss"]).toBeCloseTo(Number(rows[0]["depth"]) + Number(rows[0]["normals"]), 5);
    const { code, err, out: table } = await flexivit("train", "--task", "segment", "--data", data.segment, "--out", out, "--name", "tuned", "--from", models.detect, "--patch-sizes", "12,8", "--freeze", "backbone", "--steps", "2", "--batch-size", "2");
    expect([code, err]).toEqual([0, expect.stringContaining(`model:  backbone of ${models.detect} with a new head to segment at 24 px, patch sizes 12 8; 2 steps of 2 pictures\n`)]);
    expect(table).toContain("\nin pixels of the model's input; flexivit evaluate counts those of the pictures\n\nmodel:  ");
    expect(await readFile(join(out, "tuned", "report.html"), "utf8")).toMatch(/Mean IoU against patch size[^]*mean IoU \(%\)/);
    const [before, after] = [await loadTaskModel(models.detect), await loadTaskModel(join(out, "tuned", "model.safetensors"))];
    expect([...after.params.backbone.patchEmbedding.kernel.dataSync()]).toEqual([...before.params.backbone.patchEmbedding.kernel.dataSync()]);
    disposeTree(before.params, after.params);
  });

  it("measures depths in pixels of the input, to six digits as evaluateTask does with pixels: input, and not as without it", async () => {
    const { summary } = await readRun(join(out, "depth"));
    const [model, source] = [await loadTaskModel(models.depth) as TaskModel<"depth">, await openTaskData("depth", data.depth, { split: "validation" })];
    const [ofInput, ofPictures] = [await evaluateTask(model, source, parseScheme("8"), { pixels: "input" }), await evaluateTask(model, source, parseScheme("8"))];
    expect(summary.values["rmse/8"]).toBeCloseTo(ofInput.figures["rmse"], 6);
    expect(summary.values["rmse/8"]).not.toBeCloseTo(ofPictures.figures["rmse"], 4);
    disposeTree(model.params);
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
    ["detect", "AP", "AP (%)", false],
    ["depth", "Delta 1", "delta 1 (%)", true],
  ] as const)("of %s reports %s against patch size", async (task, title, axis, ofInput) => {
    const report = await readFile(join(out, task, "report.html"), "utf8");
    expect(report).toContain(`${title} against patch size`);
    expect(report).toContain(axis);
    expect(report.includes("in pixels of the model&#39;s input")).toBe(ofInput);
  });

  it("goes on with --resume, and leaves a finished run as it is", async () => {
    const { code, err } = await train("depth", { val: data.depth, resume: "" });
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
    ["segment", { "loss-weights": "class=1", name: "other" }, 'train(--loss-weights): expected one of dice, as this head has, got "class". Correct its name or leave it out.\n'],
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
