import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { picture, pictureFolder } from "../test-support/pictures.ts";
import { openData } from "./index.ts";

const names = ({ size, name }: { size: number; name: (index: number) => string }): string[] =>
  Array.from({ length: size }, (_, index) => `${basename(dirname(name(index)))}/${basename(name(index))}`);

describe("openData", () => {
  it("holds out a tenth of a folder, the same wherever the folder lies", async () => {
    const folder = await pictureFolder(10);
    const sets = await openData(folder);
    expect([sets.training.size, sets.test.size, sets.heldOut]).toEqual([27, 3, true]);
    expect(new Set([...names(sets.training), ...names(sets.test)]).size).toBe(30);
    const moved = `${folder}-moved`;
    await cp(folder, moved, { recursive: true });
    expect(names((await openData(`${moved}/`)).test)).toEqual(names(sets.test));
    await rm(moved, { recursive: true });
  });

  it("moves no held-out picture into training when a few pictures are added", async () => {
    const folder = await pictureFolder(10);
    const before = names((await openData(folder)).test);
    for (const index of [90, 91]) await writeFile(join(folder, "green", `${index}.png`), picture(1, index));
    const { training } = await openData(folder);
    // 3 of 30 and 3 of 32: at most as many change sides as new ones are held out.
    expect(before.filter((name) => names(training).includes(name)).length).toBeLessThanOrEqual(2);
  });

  it("takes every picture for both sets where all are asked for", async () => {
    const { training, test, heldOut } = await openData(await pictureFolder(2), { all: true });
    expect([training.size, test.size, heldOut]).toEqual([6, 6, false]);
  });

  it("takes train/ and val/ as they are, and a class that is called train as a class", async () => {
    const folder = await pictureFolder(3);
    const split = await pictureFolder(0);
    for (const set of ["train", "val"]) await cp(folder, join(split, set), { recursive: true });
    await rm(join(split, "val", "red", "00.png"));
    for (const name of ["blue", "green", "red"]) await rm(join(split, name), { recursive: true });
    const sets = await openData(split);
    expect([sets.training.size, sets.test.size, sets.heldOut]).toEqual([9, 8, false]);
    await cp(join(folder, "red"), join(folder, "train"), { recursive: true });
    expect((await openData(folder)).training.classes).toEqual(["blue", "green", "red", "train"]);
  });

  it("gives a validation folder the classes of the model, also those it lacks", async () => {
    const folder = await pictureFolder(2);
    await rm(join(folder, "green"), { recursive: true });
    const { test } = await openData(folder, { all: true, classes: ["blue", "green", "red"] });
    expect([...test.labels]).toEqual([0, 0, 2, 2]);
  });

  it("lists what it skipped in all sets", async () => {
    const folder = await pictureFolder(2);
    await writeFile(join(folder, "blue", "notes.txt"), "mine");
    await mkdir(join(folder, "blue", "more"));
    expect((await openData(folder)).skipped).toEqual([{ file: join(folder, "blue", "notes.txt"), reason: expect.stringContaining('extension ".txt"') }]);
  });

  it("opens packaged sets by name", async () => {
    const { training, test, heldOut } = await openData("mnist");
    expect([training.size, test.size, training.channels, heldOut]).toEqual([60_000, 10_000, 1, false]);
  });

  it("refuses what is no data set, and a folder with one picture", async () => {
    await expect(openData("nowhere")).rejects.toThrow(
      new Error('openData(name): expected fashion-mnist, mnist, cifar10, a folder of pictures or a .csv file of labels, got "nowhere". Check the path.'),
    );
    await expect(openData("toString")).rejects.toThrow(/^openData\(name\): expected fashion-mnist, mnist, cifar10, a folder/);
    const folder = await pictureFolder(1);
    for (const name of ["blue", "green"]) await rm(join(folder, name), { recursive: true });
    await expect(openData(folder)).rejects.toThrow(
      new Error(`openData(name): expected at least 2 pictures, one to train on and one to test on, got 1 in ${folder}. Add pictures.`),
    );
  });
});
