import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFixture } from "@flexivit/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";

type CocoFixture = {
  ground_truth: object;
  detections: object[];
  results: Record<"bbox" | "segm", { stats: number[]; per_category: Record<string, { AP: number; AP50: number }> }>;
};

let folder: string;
let fixture: CocoFixture;
beforeAll(async () => {
  fixture = await readFixture<CocoFixture>("detect/coco-eval.json");
  folder = await mkdtemp(join(tmpdir(), "flexivit-coco-"));
  const without = (field: "bbox" | "segmentation") => fixture.detections.map((one) => Object.fromEntries(Object.entries(one).filter(([name]) => name !== field)));
  await writeFile(join(folder, "truth.json"), JSON.stringify(fixture.ground_truth));
  // The reference loaded boxes alone for bbox and masks alone for segm.
  await writeFile(join(folder, "bbox.json"), JSON.stringify(without("segmentation")));
  await writeFile(join(folder, "segm.json"), JSON.stringify(without("bbox")));
});

const evaluate = (iou: string, ...more: string[]) =>
  flexivit("evaluate", "--task", "detect", "--annotations", join(folder, "truth.json"), "--predictions", join(folder, `${iou}.json`), "--iou", iou, ...more);

describe("flexivit evaluate --task detect", () => {
  it.each(["bbox", "segm"] as const)("by %s prints pycocotools' twelve numbers within 1e-9, and those of each category", async (iou) => {
    const { code, out, err } = await evaluate(iou, "--json");
    expect([code, err]).toEqual([0, ""]);
    const result = JSON.parse(out) as Record<string, number> & { perCategory: { name: string; AP: number }[] };
    const names = ["AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"];
    for (const [i, name] of names.entries()) expect(Math.abs(result[name] - fixture.results[iou].stats[i])).toBeLessThan(1e-9);
    expect(result.perCategory).toHaveLength(8);
  });

  it("prints them as tables for people, with a dash where there is nothing to find", async () => {
    const { out } = await evaluate("bbox");
    expect(out).toMatch(/^326 detections against 169 objects in 40 images, by bbox\n\nnumber +value\n[─ ]+\nAP +\d+\.\d\d %\n/);
    expect(out).toMatch(/\n\S+ +- +- +- +-\n/); // the category without objects
  });

  it("names what is missing, and a file that is no JSON", async () => {
    expect(await flexivit("evaluate", "--task", "detect", "--annotations", "a.json")).toEqual({
      code: 1,
      out: "",
      err: "evaluate(--annotations): expected a file in the COCO format, got ENOENT at a.json. Check the path.\n",
    });
    expect((await flexivit("evaluate", "--task", "detect")).err).toBe("evaluate(--annotations): expected a file in the COCO format with --task detect, got none. Name the file.\n");
    expect((await flexivit("evaluate", "--data", "mnist")).err).toBe("evaluate(--checkpoint): expected --checkpoint with --task classify, got none. Name the model and the pictures.\n");
    expect((await flexivit("evaluate", "--task", "segment", "--data", "x")).err).toBe("evaluate(--checkpoint): expected --checkpoint with --task segment, got none. Name the model and the pictures.\n");
    expect((await flexivit("evaluate", "--task", "detect", "--annotations", "a.json", "--predictions", "b.json", "--patch-size", "8")).err).toBe(
      "evaluate(--patch-sizes): expected --checkpoint with it, got none. Name the model, or leave it out.\n",
    );
    expect((await flexivit("evaluate", "--checkpoint", "m.safetensors", "--data", "mnist", "--iou", "segm")).err).toBe(
      "evaluate(--iou): expected --task detect without --checkpoint with it, got --checkpoint m.safetensors. Leave it out.\n",
    );
    await writeFile(join(folder, "broken.json"), "[");
    const { err } = await flexivit("evaluate", "--task", "detect", "--annotations", join(folder, "truth.json"), "--predictions", join(folder, "broken.json"));
    expect(err).toMatch(/^evaluate\(--predictions\): expected a file of results in the COCO format, got no JSON in .*broken\.json: /);
  });
});
