import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixturePath } from "@flexivit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageNet } from "./image-net.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "image-net-"));
  for (const path of ["train/n02/n02_1.png", "train/n02/n02_2.png", "train/n01/n01_9.png", "val/n02/ILSVRC2012_val_1.png", "val/n01/ILSVRC2012_val_2.png"]) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await cp(fixturePath("images/gradient.png"), join(root, path));
  }
  await mkdir(join(root, "flat/val"), { recursive: true });
  await cp(join(root, "train"), join(root, "flat/train"), { recursive: true });
  for (const i of [1, 2]) await cp(fixturePath("images/gradient.png"), join(root, `flat/val/ILSVRC2012_val_${i}.png`));
  await writeFile(join(root, "labels.csv"), "ILSVRC2012_val_2.JPEG,n01 1 2 3 4\nILSVRC2012_val_1.JPEG,n02 5 6 7 8\n");
});
afterAll(() => rm(root, { recursive: true }));

describe("imageNet", () => {
  it("gives both halves the classes of train", async () => {
    const { train, validation } = await imageNet(root);
    expect(train.classes).toEqual(["n01", "n02"]);
    expect([[...train.labels], [...validation.labels]]).toEqual([[0, 1, 1], [0, 1]]);
    expect(validation.classes).toBe(train.classes);
  });

  it("reads a flat val folder with a list of labels", async () => {
    const { validation } = await imageNet(join(root, "flat"), { validationLabels: join(root, "labels.csv") });
    expect(validation.files.map((file) => file.slice(-20))).toEqual(["ILSVRC2012_val_1.png", "ILSVRC2012_val_2.png"]);
    expect([...validation.labels]).toEqual([1, 0]);
  });

  it("names the picture whose label is missing or unknown", async () => {
    const labels = join(root, "short.txt");
    await writeFile(labels, "ILSVRC2012_val_1 n02\nILSVRC2012_val_2 n99\n");
    await expect(imageNet(join(root, "flat"), { validationLabels: labels })).rejects.toThrow(
      new Error(`imageNet(validationLabels): expected a class of train for ILSVRC2012_val_2 in ${labels}, got the unknown class "n99". Correct the file.`),
    );
    await writeFile(labels, "ILSVRC2012_val_1 n02\n");
    await expect(imageNet(join(root, "flat"), { validationLabels: labels })).rejects.toThrow(
      new Error(`imageNet(validationLabels): expected a class of train for ILSVRC2012_val_2 in ${labels}, got no line. Correct the file.`),
    );
  });

  it("refuses a folder without train", async () => {
    await rename(join(root, "flat/train"), join(root, "flat/other"));
    await expect(imageNet(join(root, "flat"))).rejects.toThrow(
      new Error(`imageFolder(folder): expected a folder with one folder per class, got none at ${root}/flat/train. Check the path.`),
    );
  });
});
