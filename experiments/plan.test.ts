import { expect, it } from "vitest";
import { folderName, planHash } from "./plan.ts";
import { greySmall, planOf, smokeTraining, smokeVit } from "./recipes.ts";

const plan = planOf("a", greySmall, smokeTraining, { vit: smokeVit, patchSizes: ["12", "6"], seed: 3 });

it("plans that differ in names alone have one hash, also those that they start from", () => {
  expect(planHash({ ...plan, name: "b" })).toBe(planHash(plan));
  expect(planHash({ ...plan, from: { ...plan, name: "b" } })).toBe(planHash({ ...plan, from: plan }));
});

it("another seed, step, patch size or beginning is another plan", () => {
  const { recipe } = plan;
  const others = [{ ...recipe, seed: 4 }, { ...recipe, steps: 7 }, { ...recipe, patchSizes: ["12"] }].map((other) => ({ ...plan, recipe: other }));
  const hashes = [plan, ...others, { ...plan, from: plan }, { ...plan, from: { name: "file", file: "w" } }].map(planHash);
  expect(new Set(hashes).size).toBe(6);
});

it("a name becomes a folder without blanks and quotes", () => {
  expect(folderName("teacher, teacher's weights")).toBe("teacher-teacher-s-weights");
  expect(folderName("fixed 12")).toBe("fixed-12");
});
