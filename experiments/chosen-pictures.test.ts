import { pixelSource } from "@flexivit/data";
import { expect, it } from "vitest";
import { firstOf, ofClasses } from "./chosen-pictures.ts";

const source = pixelSource({ name: "s", pixels: new Uint8Array(14), height: 1, width: 2, channels: 1, labels: [2, 0, 1, 2, 1, 0, 2], classes: ["a", "b", "c"] });

it("pictures of two classes keep their order and names, and get the labels of the new list", () => {
  const { size, classes, labels, name } = ofClasses(source, ["c", "a"]);
  expect([size, classes, [...labels]]).toEqual([5, ["c", "a"], [0, 1, 0, 1, 0]]);
  expect([0, 1, 2, 3, 4].map(name)).toEqual([0, 1, 3, 5, 6].map((index) => `s picture ${index}`));
});

it("the first 3 of 7 pictures are those, and the first 9 are all", () => {
  expect([...firstOf(source, 3).labels]).toEqual([2, 0, 1]);
  expect(firstOf(source, 9)).toBe(source);
});

it("of pictures with objects, the ids and files are cut too, and what is asked for by index stays", () => {
  const objects = { ...source, imageIds: [30, 31, 32, 33, 34, 35, 36], categoryIds: [7, 8, 9], objects: (index: number) => [index] };
  const { size, imageIds, categoryIds, objects: objectsAt } = firstOf(objects, 2);
  expect([size, imageIds, categoryIds, objectsAt(1)]).toEqual([2, [30, 31], [7, 8, 9], [1]]);
});
