import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sceneFiles, type SceneFiles } from "../test-support/scene-files.ts";
import { hasSplits, openTaskData } from "./open-task-data.ts";

let files: SceneFiles;
beforeAll(async () => void (files = await sceneFiles(3, 6)));
afterAll(() => rm(files.folder, { recursive: true }));

it("coco:FOLDER is the release of 2017: train2017 and val2017 with their annotations", async () => {
  const coco = join(files.folder, "coco");
  for (const half of ["train2017", "val2017"]) {
    await mkdir(join(coco, "annotations"), { recursive: true });
    await cp(files.coco, join(coco, "annotations", `instances_${half}.json`));
    await cp(files.nyu, join(coco, half, "nyu"), { recursive: true });
  }
  for (const [split, half] of [["training", "train2017"], ["validation", "val2017"]] as const) {
    const { files: pictures, classes } = await openTaskData("detect", `coco:${coco}`, { split });
    expect(pictures).toEqual([0, 1, 2].map((index) => join(coco, half, "nyu", "rgb", `${index}.png`)));
    expect(classes).toEqual(["blue", "red"]);
  }
  expect([hasSplits(`coco:${coco}`), hasSplits(files.coco), hasSplits("ade20k:x"), hasSplits("nyu:x")]).toEqual([true, false, true, false]);
});

it("FILE.json takes its pictures from another folder where that is named", async () => {
  const { size, skipped } = await openTaskData("detect", files.coco, { split: "validation", pictures: files.folder });
  expect([size, skipped]).toEqual([3, []]);
  await expect(openTaskData("detect", files.coco, { split: "validation", pictures: files.nyu })).rejects.toThrow(/^cocoPictures\(/);
});

it("nyu:FOLDER has normals where it has a folder of them", async () => {
  const options = { split: "validation" } as const;
  expect((await openTaskData("depth", `nyu:${files.nyu}`, options)).kinds).toEqual(["depth", "normals"]);
  await rm(join(files.nyu, "normals"), { recursive: true });
  expect((await openTaskData("depth", `nyu:${files.nyu}`, options)).kinds).toEqual(["depth"]);
});

it.each([
  ["detect", "nyu:x", 'coco:FOLDER or FILE.json in the COCO format for detect, got "nyu:x"'],
  ["segment", "ade20k:", 'ade20k:FOLDER or cityscapes:FOLDER for segment, got "ade20k:"'],
  ["depth", "pictures", 'nyu:FOLDER or hypersim:FOLDER for depth, got "pictures"'],
] as const)("%s of %s is refused", async (task, name, told) => {
  await expect(openTaskData(task, name, { split: "training" })).rejects.toThrow(new Error(`openTaskData(--data): expected ${told}. Name one of these.`));
});
