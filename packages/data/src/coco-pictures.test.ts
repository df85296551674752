import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maskArea, maskPixels } from "@flexivit/annotations";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cocoPictures, objectBatchAt, objectEvaluationBatches } from "./index.ts";

/** A file as COCO's own are: other fields, lists of other things, polygons, a crowd region as run lengths. */
const truth = () => ({
  info: { description: 'one " and braces } ] \\', list: [[1, 2], []] },
  licenses: [{ id: 1, name: "none" }],
  images: [
    { id: 9, license: 1, file_name: "b.png", height: 6, width: 8, coco_url: "http://x/[b],{}.png" },
    { id: 4, license: 1, file_name: "a.png", height: 5, width: 7 },
  ],
  annotations: [
    { id: 1, image_id: 4, category_id: 18, bbox: [1, 1, 3, 2], area: 6, iscrowd: 0, segmentation: [[1, 1, 4, 1, 4, 3, 1, 3]] },
    { id: 2, image_id: 9, category_id: 2, bbox: [0, 0, 2, 6], area: 12, iscrowd: 1, segmentation: { size: [6, 8], counts: [0, 12, 36] } },
    { id: 3, image_id: 4, category_id: 2, bbox: [5, 0, 2, 5], area: 10, iscrowd: 0, segmentation: { size: [5, 7], counts: "i0:0" } },
  ],
  categories: [{ id: 18, name: "dog", supercategory: "animal" }, { id: 2, name: "bicycle", supercategory: "vehicle" }],
});

let root = "";
let written = 0;
async function file(json: unknown): Promise<string> {
  const path = join(root, `annotations-${written++}.json`);
  await writeFile(path, typeof json === "string" ? json : JSON.stringify(json, null, 1));
  return path;
}
const options = () => ({ folder: join(root, "pictures") });
const messageOf = (promise: Promise<unknown>) => promise.then(String, (error: Error) => error.message);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "coco-"));
  await mkdir(join(root, "pictures"));
  for (const [name, height, width] of [["a", 5, 7], ["b", 6, 8], ["c", 6, 8]] as const) {
    // The level of a pixel is 20 times its column: a mirrored picture can be told.
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => 20 * (Math.floor(i / 3) % width));
    await sharp(pixels, { raw: { height, width, channels: 3 } }).png().toFile(join(root, "pictures", `${name}.png`));
  }
});
afterAll(() => rm(root, { recursive: true }));

test("pictures come in the order of the file, classes by id, and objects with polygons, packed runs and crowds as boxes and masks", async () => {
  const source = await cocoPictures(await file(truth()), options());
  expect([source.size, source.classes, source.imageIds, source.categoryIds, source.skipped]).toEqual([2, ["bicycle", "dog"], [9, 4], [2, 18], []]);
  expect(source.files.map((path) => path.slice(-5))).toEqual(["b.png", "a.png"]);
  const [[crowd], [dog, bicycle]] = [source.objects(0), source.objects(1)];
  expect([crowd.box, crowd.class, crowd.crowd, crowd.area, maskArea(crowd.mask!)]).toEqual([[0, 0, 2, 6], 0, true, 12, 12]);
  expect([dog.box, dog.class, dog.crowd, maskArea(dog.mask!)]).toEqual([[1, 1, 4, 3], 1, false, 6]);
  expect([...maskPixels(bicycle.mask!)]).toEqual(Array.from({ length: 35 }, (_, i) => Number(i % 7 >= 5)));
  expect([0, 1].map((index) => [...source.targets!(index)])).toEqual([[1, 0], [1, 1]]);
});

test("the fingerprint changes with a box, a class, a crowd, an area and a mask, not with spaces, ids or other fields", async () => {
  const print = async (json: unknown) => (await cocoPictures(await file(json), options())).fingerprint!();
  const changed = (change: object) => ({ ...truth(), annotations: truth().annotations.map((object, i) => (i === 0 ? { ...object, ...change } : object)) });
  const same = await Promise.all([truth(), JSON.stringify(truth()), changed({ id: 7, note: "x" }), { ...truth(), info: {} }].map(print));
  const others = await Promise.all(
    [{ bbox: [1, 1, 3, 3] }, { category_id: 2 }, { iscrowd: 1 }, { area: 7 }, { segmentation: [[1, 1, 4, 1, 4, 3, 2, 3]] }, { image_id: 9 }].map((change) => print(changed(change))),
  );
  expect([new Set(same).size, new Set([...same, ...others]).size]).toEqual([1, 7]);
});

test("the same comes from a file on one line, in chunks of any length, and with a list that is empty", async () => {
  const source = await cocoPictures(await file(JSON.stringify({ empty: [], ...truth() })), options());
  const description = "é}".repeat(2 ** 19); // longer than a chunk, of characters of two bytes
  const long = await cocoPictures(await file(JSON.stringify({ ...truth(), info: { description }, images: truth().images.map((image) => ({ ...image, description })) })), options());
  expect([0, 1].map((i) => long.objects(i))).toEqual([0, 1].map((i) => source.objects(i)));
  expect(long.objects(1).length).toBe(2);
});

test("pictures that are missing or of another size are listed with the reason, or an error with strict", async () => {
  const json = truth();
  json.images.push({ id: 5, license: 1, file_name: "none.png", height: 6, width: 8 }, { id: 6, license: 1, file_name: "c.png", height: 6, width: 9 });
  const path = await file(json);
  const { skipped, imageIds } = await cocoPictures(path, options());
  expect(imageIds).toEqual([9, 4]);
  expect(skipped.map(({ reason }) => reason)).toEqual([expect.stringContaining("ENOENT"), "is 6x8 px, the annotations say 6x9"]);
  expect(await messageOf(cocoPictures(path, { ...options(), strict: true }))).toMatch(/^cocoPictures\(strict\): expected readable pictures only, got 2 unusable files/);
});

test("a batch of a step shows objects as its pictures are cut and mirrored: the same for the same step, boxes where the columns are", async () => {
  const source = await cocoPictures(await file(truth()), options());
  const request = { seed: 3, batchSize: 5, imageSize: [4, 6] as const, framing: { kind: "pad-crop" } as const };
  const batch = await objectBatchAt(source, 1, request);
  expect(await objectBatchAt(source, 1, request)).toEqual(batch);
  expect(new Set(Array.from(batch.indices, (_, i) => level(batch.images, i, 5) > level(batch.images, i, 0)))).toEqual(new Set([true, false])); // both ways occur
  for (const [i, index] of batch.indices.entries()) {
    for (const { box, class: label } of batch.objects[i]) {
      // The column at the object's left edge in the picture is at its left edge in the batch, or at its right edge if mirrored.
      const original = source.objects(index).find((object) => object.class === label)!;
      const columns = Array.from({ length: box[2] - box[0] }, (_, x) => Math.round((level(batch.images, i, box[0] + x) + 1) * 127.5) / 20);
      expect(Math.min(...columns)).toBeGreaterThanOrEqual(original.box[0]);
      expect(Math.max(...columns)).toBeLessThan(original.box[2]);
    }
  }
});
/** The value in column x of the first row of an image of 4x6 pixels. */
const level = (images: Float32Array, i: number, x: number) => images[(i * 24 + x) * 3];

test("evaluation batches give all objects in the squashed picture: a box [1, 1, 4, 3] of 5x7 px is [2, 2, 8, 6] of 10x14", async () => {
  const source = await cocoPictures(await file(truth()), options());
  const found = [];
  const sizes = [];
  for await (const { objects, seen } of objectEvaluationBatches(source, { batchSize: 1, imageSize: [10, 14], framing: { kind: "squash" } })) {
    found.push(objects);
    sizes.push(seen[0].size, seen[0].view.resized);
  }
  expect(sizes).toEqual([[6, 8], [10, 14], [5, 7], [10, 14]]);
  expect(found.map((batch) => batch[0].map(({ box }) => box))).toEqual([[[0, 0, 3.5, 10]], [[2, 2, 8, 6], [10, 0, 14, 10]]]);
});

test("errors name the file and the entry", async () => {
  const change = (list: "images" | "annotations" | "categories", index: number, field: string, value: unknown) => {
    const json = truth();
    Object.assign(json[list][index], { [field]: value });
    return file(json);
  };
  const end = "Correct or remove the entry.";
  const cases: [string, string][] = [
    [await change("annotations", 2, "bbox", [1, 2]), `annotations[2].bbox): expected 4 finite numbers, x y width height, got [1,2]. ${end}`],
    [await change("annotations", 1, "image_id", 77), "annotations[1].image_id): expected a picture of the file, got 77. Add it or remove the entry."],
    [await change("annotations", 0, "category_id", 3), "annotations[0].category_id): expected a category of the file, got 3. Add it or remove the entry."],
    [await change("images", 1, "width", "7"), `images[1].width): expected a number, got "7". ${end}`],
    [await change("images", 0, "file_name", undefined), "images[0].file_name): expected the name of a file, got undefined. Add it."],
    [await change("images", 1, "id", 9), "images[1].id): expected each picture once, got 9 again. Remove one entry."],
    [await change("images", 1, "file_name", "b.png"), "images[1].file_name): expected each picture once, got b.png again. Remove one entry."],
  ];
  for (const [path, message] of cases) expect(await messageOf(cocoPictures(path, options()))).toBe(`cocoPictures(${path} ${message}`);
  const damaged = await change("annotations", 2, "segmentation", { size: [5, 7], counts: [36] });
  const source = await cocoPictures(damaged, options());
  expect(() => source.objects(1)).toThrow(
    `cocoPictures(${damaged} object 3 of a.png): expected a sound mask, got: maskFromCoco(segmentation.counts): expected whole numbers that sum to 35, got a sum of 36.`,
  );
  const cut = await file(JSON.stringify(truth()).slice(0, 600));
  expect(await messageOf(cocoPictures(cut, options()))).toBe(`cocoPictures(${cut}): expected a whole JSON object, got its end in annotations[2]. Get the file again.`);
  for (const empty of ["", "[1]"]) {
    const path = await file(empty);
    expect(await messageOf(cocoPictures(path, options()))).toBe(`cocoPictures(${path}): expected a whole JSON object, got none. Get the file again.`);
  }
  const broken = await file(JSON.stringify(truth()).replace('"area":6', '"area":six'));
  expect(await messageOf(cocoPictures(broken, options()))).toMatch(/annotations\[0\]\): expected JSON, got Unexpected token .*\. Correct the entry\.$/);
  expect(await messageOf(cocoPictures(join(root, "none.json")))).toBe(`cocoPictures(${join(root, "none.json")}): expected a readable file, got ENOENT. Check the path.`);
});
