import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fixturePath, readFixture } from "@flexivit/testing";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyMap, writePicture } from "../test-support/map-files.ts";
import { ade20k } from "./ade20k.ts";
import { cityscapes } from "./cityscapes.ts";
import { hypersim } from "./hypersim.ts";
import { nyuDepth } from "./nyu-depth.ts";

type Expected = { labels: number[][]; millimetres: number[][]; normals: number[][][]; colours: number[][][]; distances: (number | null)[][] };
const expected = await readFixture<Expected>("maps/expected.json");
const near = (got: ArrayLike<number>, want: number[], tolerance: number) => {
  expect(got.length).toBe(want.length);
  for (const [i, value] of want.entries()) expect(Math.abs(got[i] - value), `value ${i}`).toBeLessThanOrEqual(tolerance);
};

let root = "";
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), "map-sets-"))));
afterAll(() => rm(root, { recursive: true }));

const picture = (path: string, size?: readonly number[]) => writePicture(join(root, path), size);
const fixture = (name: string, path: string) => copyMap(name, join(root, path));

/** A grey 8-bit PNG of one row. */
async function grey(path: string, values: number[]): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await sharp(Uint8Array.from(values), { raw: { width: values.length, height: 1, channels: 1 } }).toColourspace("b-w").png().toFile(join(root, path));
}

describe("ade20k", () => {
  beforeAll(async () => {
    await picture("ade/images/training/ADE_train_1.png");
    await fixture("labels.png", "ade/annotations/training/ADE_train_1.png");
    await picture("ade/images/training/ADE_train_2.png");
  });

  it("reads what Pillow wrote: 0 becomes 255, 1..150 become 0..149; a picture without labels is skipped", async () => {
    const source = await ade20k(join(root, "ade"), "training");
    const { size, values } = await source.readMap(0, "labels");
    expect(size).toEqual([3, 5]);
    expect([...values]).toEqual(expected.labels.flat().map((value) => (value === 0 ? 255 : value - 1)));
    expect([source.size, source.classes.length, source.kinds]).toEqual([1, 150, ["labels"]]);
    expect(source.skipped).toEqual([
      { file: join(root, "ade/images/training/ADE_train_2.png"), reason: `no labels at ${join(root, "ade/annotations/training/ADE_train_2.png")}` },
    ]);
    await expect(ade20k(join(root, "ade"), "training", { strict: true })).rejects.toThrow("ade20k(strict): expected readable pictures only, got 1 unusable files");
  });

  it("takes the names of the release's list, and names file and place of a label beyond it", async () => {
    await writeFile(join(root, "ade/objectInfo150.txt"), "Idx\tRatio\tTrain\tVal\t\tName\r\n1\t0.15\t11664\t1172\t\twall\r\n2\t0.1\t1\t1\t\tbuilding, edifice\r\n");
    const source = await ade20k(join(root, "ade"), "training");
    expect(source.classes).toEqual(["wall", "building, edifice"]);
    const place = expected.labels.flat().findIndex((label) => label > 2);
    await expect(source.readMap(0, "labels")).rejects.toThrow(
      new Error(
        `readMap(${join(root, "ade/annotations/training/ADE_train_1.png")}): expected labels from 0 to 2, ` +
          `got ${expected.labels.flat()[place]} at row ${Math.floor(place / 5)}, column ${place % 5}. Correct the file or the classes.`,
      ),
    );
    await writeFile(join(root, "ade/objectInfo150.txt"), "Idx\tName\n2\twall\n");
    await expect(ade20k(join(root, "ade"), "training")).rejects.toThrow(
      new Error('ade20k(objectInfo150.txt:2): expected class 1, got "2". Restore the file of the release.'),
    );
    await rm(join(root, "ade/objectInfo150.txt"));
  });

  it("reads a stored 255 as the last of 255 classes, and refuses a list of 256, whose last no label can be", async () => {
    const list = join(root, "many/objectInfo150.txt");
    await picture("many/images/training/a.png", [1, 3]);
    await grey("many/annotations/training/a.png", [0, 1, 255]);
    const lines = (count: number) => ["Idx\tName", ...Array.from({ length: count }, (_, i) => `${i + 1}\tclass ${i + 1}`)].join("\n");
    await writeFile(list, lines(255));
    expect([...(await (await ade20k(join(root, "many"), "training")).readMap(0, "labels")).values]).toEqual([255, 0, 254]);
    await writeFile(list, lines(256));
    await expect(ade20k(join(root, "many"), "training")).rejects.toThrow(
      new Error(`ade20k(${list}): expected at most 255 classes, which 8-bit labels can tell apart from each other and from none, got 256. Merge classes or leave some out.`),
    );
  });

  it("refuses labels with a palette, damaged ones and splits that are not there", async () => {
    const map = join(root, "pal/annotations/training/a.png");
    await Promise.all([picture("pal/images/training/a.png"), fixture("palette.png", "pal/annotations/training/a.png")]);
    const source = await ade20k(join(root, "pal"), "training");
    await expect(source.readMap(0, "labels")).rejects.toThrow(
      new Error(`readMap(${map}): expected a picture of grey, 8 bits, got a palette. Convert it without changing its values.`),
    );
    await writeFile(map, "no picture");
    await expect(source.readMap(0, "labels")).rejects.toThrow(
      new Error(`readMap(${map}): expected a map that can be decoded, got Input file contains unsupported image format. Remove or replace the file.`),
    );
    await expect(ade20k(join(root, "pal"), "validation")).rejects.toThrow(
      new Error(`ade20k(folder): expected pictures in ${join(root, "pal/images/validation")}, got no such folder. Check the path and the split.`),
    );
  });
});

describe("cityscapes", () => {
  it("turns ids into the 19 classes: road 7 is 0, bicycle 33 is 18, caravans 29 and plates 255 do not count", async () => {
    await picture("city/leftImg8bit/train/aachen/aachen_0_1_leftImg8bit.png", [1, 7]);
    await grey("city/gtFine/train/aachen/aachen_0_1_gtFine_labelIds.png", [7, 33, 29, 0, 255, 19, 24]);
    const source = await cityscapes(join(root, "city"), "train");
    expect([...(await source.readMap(0, "labels")).values]).toEqual([0, 18, 255, 255, 255, 6, 11]);
    expect([source.classes.length, source.classes[6], source.classes[11], source.classes[18]]).toEqual([19, "traffic light", "person", "bicycle"]);
    await grey("city/gtFine/train/aachen/aachen_0_1_gtFine_labelIds.png", [7, 7, 7, 7, 34, 7, 7]);
    await expect(source.readMap(0, "labels")).rejects.toThrow(
      /labelIds.png\): expected labels from 0 to 255, got 34 at row 0, column 4. Correct the file or the classes.$/,
    );
  });
});

describe("nyuDepth", () => {
  beforeAll(async () => {
    await picture("nyu/rgb/home/1.png");
    await fixture("depth.png", "nyu/depth/home/1.png");
    await fixture("normals.png", "nyu/normals/home/1.png");
  });

  it("reads 16 bits as Pillow wrote them: millimetres, or any other unit; 0 stays 0", async () => {
    near((await (await nyuDepth(join(root, "nyu"))).readMap(0, "depth")).values, expected.millimetres.flat().map((value) => value / 1000), 4e-6); // float32 of 65.535
    const others = await (await nyuDepth(join(root, "nyu"), { unitsPerMetre: 256 })).readMap(0, "depth");
    near(others.values, expected.millimetres.flat().map((value) => value / 256), 0);
  });

  it("reads normals of 8 bits as Pillow wrote them, made of length 1; black and grey are unknown", async () => {
    const source = await nyuDepth(join(root, "nyu"), { normals: "normals" });
    const { values } = await source.readMap(0, "normals");
    expect(source.kinds).toEqual(["depth", "normals"]);
    const stored = expected.colours.flat().slice(2).map((colour) => colour.map((level) => level / 127.5 - 1));
    near(values, [0, 0, 0, 0, 0, 0, ...stored.flatMap((vector) => vector.map((value) => value / Math.hypot(...vector)))], 1e-6);
    near(values.subarray(6), expected.normals.flat(2).slice(6), 0.008); // half a level of each axis
  });

  it("reads normals of 16 bits within half a level of 65535", async () => {
    const colours = Uint16Array.from(expected.normals.flat(2), (value) => Math.round((value + 1) * 32767.5));
    await mkdir(join(root, "nyu/normals16/home"), { recursive: true });
    await sharp(colours, { raw: { width: 5, height: 3, channels: 3 } }).toColourspace("rgb16").png().toFile(join(root, "nyu/normals16/home/1.png"));
    const { values } = await (await nyuDepth(join(root, "nyu"), { normals: "normals16" })).readMap(0, "normals");
    near(values, expected.normals.flat(2), 4e-5);
  });

  it("refuses 8-bit depths and impossible units", async () => {
    await picture("nyu8/rgb/1.png", [1, 3]);
    await grey("nyu8/depth/1.png", [1, 2, 3]);
    await expect((await nyuDepth(join(root, "nyu8"))).readMap(0, "depth")).rejects.toThrow(
      new Error(`readMap(${join(root, "nyu8/depth/1.png")}): expected a picture of grey, 16 bits, got 1 channels of 8 bits. Convert it without changing its values.`),
    );
    await expect(nyuDepth(join(root, "nyu"), { unitsPerMetre: 0 })).rejects.toThrow(
      new Error("nyuDepth(unitsPerMetre): expected a finite number above 0, got 0. Use 1000 for millimetres."),
    );
  });
});

describe("hypersim", () => {
  const at = "sim/ai_001_001/images/scene_cam_00_";
  const distances = expected.distances.flat().map((distance) => distance ?? 0);
  beforeAll(async () => {
    for (const i of [0, 1, 2]) {
      await picture(`${at}final_preview/frame.000${i}.tonemap.png`);
      await fixture("normals.npy", `${at}geometry_npy/frame.000${i}.normal_cam.npy`);
    }
    await picture(`${at}final_preview/frame.0000.diff.png`);
    await fixture("distances-half.npy", `${at}geometry_npy/frame.0000.depth_meters.npy`);
    await fixture("distances.npz", `${at}geometry_npy/frame.0001.depth_meters.npz`);
    await fixture("distances-double.npy", `${at}geometry_npy/frame.0002.depth_meters.npy`);
  });

  it("reads numpy's halves, floats in an archive, and doubles; NaN and infinity are unknown", async () => {
    const source = await hypersim(join(root, "sim"), { depth: "distance" });
    expect(source.size).toBe(3);
    for (const [i, tolerance] of [[0, 20 / 2 ** 11], [1, 1e-6], [2, 1e-6]]) near((await source.readMap(i, "depth")).values, distances, tolerance);
    near((await source.readMap(0, "normals")).values, expected.normals.flat(2), 1e-6);
  });

  it("makes distances planar: in the centre nothing changes, the middle of the left edge is seen under 30 degrees less half a pixel", async () => {
    const planar = await (await hypersim(join(root, "sim"))).readMap(2, "depth");
    const share = (row: number, column: number) => planar.values[5 * row + column] / distances[5 * row + column];
    expect(Math.abs(share(1, 2) - 1)).toBeLessThan(1e-6);
    expect(Math.abs(share(1, 0) - Math.cos(Math.atan(0.8 * Math.tan(Math.PI / 6))))).toBeLessThan(1e-6); // the centre of pixel 0 is 4/5 of the way to the edge
    expect(Math.abs(share(0, 2) - Math.cos(Math.atan(0.4 * Math.tan(Math.PI / 6))))).toBeLessThan(1e-6); // one row above is 2/5 of half the width
  });

  it("names file and entry of archives of two, other types, other orders, other shapes and files that are cut off", async () => {
    const file = join(root, `${at}geometry_npy/frame.0000.depth_meters.npy`);
    const source = await hypersim(join(root, "sim"));
    const error = async (name: string) => {
      await cp(fixturePath(`maps/${name}`), file);
      return source.readMap(0, "depth").catch((reason: Error) => reason.message);
    };
    expect(await error("integers.npy")).toMatch(/depth_meters.npy\): expected little-endian floats in C order \(<f2, <f4, <f8\), got \{'descr': '<i4'/);
    expect(await error("fortran.npy")).toMatch(/expected little-endian floats in C order .* got \{'descr': '<f8', 'fortran_order': True/);
    expect(await error("normals.npy")).toBe(`readMap(${file}): expected an array [height, width], got [3, 5, 3]. Save the distances in metres.`);
    expect(await error("labels.png")).toMatch(/expected an array that begins with \\x93NUMPY, got \d+ other bytes. Save it with numpy.save.$/);
    await writeFile(file, (await readFile(fixturePath("maps/distances-double.npy"))).subarray(0, -8));
    await expect(source.readMap(0, "depth")).rejects.toThrow(new Error(`readMap(${file}): expected 120 bytes for [3, 5], got 112. The file is cut off: copy it again.`));
    const archive = join(root, `${at}geometry_npy/frame.0001.depth_meters.npz`);
    await cp(fixturePath("maps/two.npz"), archive);
    await expect(source.readMap(1, "depth")).rejects.toThrow(new Error(`readMap(${archive}): expected an archive of one array, got a.npy, b.npy. Save one map per file.`));
    await expect(hypersim(join(root, "sim"), { depth: "ray" as "planar" })).rejects.toThrow(
      new Error('hypersim(depth): expected one of planar, distance, got "ray". Use distance for depths as they are stored.'),
    );
  });
});
