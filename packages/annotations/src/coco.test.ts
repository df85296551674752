import { readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { parseCoco, parseCocoResults, type CocoDataset, type CocoResult } from "./index.ts";

const { ground_truth: truth, detections } = await readFixture<{ ground_truth: CocoDataset; detections: CocoResult[] }>("detect/coco-eval.json");

test("a sound file of 40 images, 169 objects and 8 categories, and 326 detections, come through unchanged", () => {
  const { images, annotations, categories } = parseCoco(truth);
  expect([images.length, annotations.length, categories.length]).toEqual([40, 169, 8]);
  expect(annotations).toEqual(truth.annotations);
  expect(parseCocoResults(detections)).toEqual(detections);
});

test("an object that does not say whether it is a crowd is none", () => {
  const { iscrowd: _, ...entry } = truth.annotations[0];
  expect(parseCoco({ ...truth, annotations: [entry] }).annotations[0].iscrowd).toBe(0);
});

test("errors name the entry, the field and what is there", () => {
  const end = "Correct or remove the entry.";
  const damaged = (field: string, value: unknown) => ({ ...truth, annotations: [truth.annotations[0], { ...truth.annotations[1], [field]: value }] });
  const cases: [unknown, string][] = [
    [[], "parseCoco(json): expected an object, got []. Is this a COCO file?"],
    [{ images: [] }, "parseCoco(annotations): expected a list, got nothing. Is this a COCO file?"],
    [damaged("bbox", [1, 2, 3]), `parseCoco(annotations[1].bbox): expected 4 finite numbers, x y width height, got [1,2,3]. ${end}`],
    [damaged("area", undefined), `parseCoco(annotations[1].area): expected a number, got nothing. ${end}`],
    [damaged("iscrowd", true), `parseCoco(annotations[1].iscrowd): expected 0 or 1, got true. ${end}`],
    [damaged("segmentation", { counts: [1] }), `parseCoco(annotations[1].segmentation): expected polygons or run lengths, got {"counts":[1]}. ${end}`],
    [{ ...truth, images: [{ id: 1, width: 2 }] }, `parseCoco(images[0].height): expected a number, got nothing. ${end}`],
    [{ ...truth, categories: [{ id: 1 }] }, `parseCoco(categories[0].name): expected a name, got nothing. ${end}`],
  ];
  for (const [json, message] of cases) expect(() => parseCoco(json)).toThrow(new Error(message));
  expect(() => parseCocoResults([detections[0], { ...detections[1], score: "0.5" }])).toThrow(
    new Error(`parseCocoResults([1].score): expected a number, got "0.5". ${end}`),
  );
  expect(() => parseCocoResults(truth)).toThrow(/^parseCocoResults\(json\): expected a list, got \{"images":.{50}\.\.\.\. Is this a COCO file\?$/);
});
