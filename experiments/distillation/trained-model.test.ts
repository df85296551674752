import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pixelSource } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { disposeTree, leaves } from "@flexivit/params";
import { readRun } from "@flexivit/run-log";
import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { loadModel } from "flexivit";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { lasting, planOf, smokeTraining, smokeVit } from "../recipes.ts";
import type { TrainedPlan } from "../plan.ts";
import type { Session } from "../session.ts";
import { trainedModel } from "../trained-model.ts";

const grey = { data: "stripes", channels: 1 } as const;
const teacher = planOf("teacher", grey, smokeTraining, { vit: { ...smokeVit, patchSize: [4, 4], positionGrid: [6, 6] }, patchSizes: ["4"], seed: 2, shared: true });
const lesson = { plan: teacher, patchSize: "4", imageSizePx: 24, distance: { kind: "kl" } } as const;
const student = planOf("student", grey, { ...smokeTraining, ...lasting(smokeTraining, 3) }, { vit: smokeVit, patchSizes: ["12", "8"], seed: 5, from: teacher, teacher: lesson });

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "trained-model-"));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await rm(out, { recursive: true });
});

/** A session on 40 pictures of stripes, across or along. */
async function sessionOf(signal: AbortSignal = new AbortController().signal): Promise<Session> {
  const pixels = Uint8Array.from({ length: 40 * 24 * 24 }, (_, at) => {
    const [picture, row, column] = [Math.floor(at / 576), Math.floor(at / 24) % 24, at % 24];
    return 255 * (Math.floor((picture % 2 === 0 ? row : column) / 3) % 2);
  });
  const source = pixelSource({ name: "stripes", pixels, height: 24, width: 24, channels: 1, labels: Array.from({ length: 40 }, (_, i) => i % 2), classes: ["across", "along"] });
  const data = { name: "stripes", training: source, test: source, skipped: [], heldOut: false, task: "single-label" } as const;
  return {
    experiment: "test",
    options: { variant: "small", out, seed: 0, seeds: 1, resume: false, publish: false, signal },
    engine: await useEngine(),
    open: () => Promise.resolve({ ...data } as never), // of classification, whatever is asked for
  };
}

it("a student's teacher is trained first, in the shared folder; the student has its configuration, 3 steps away from its weights", async () => {
  const session = await sessionOf();
  const trained = await trainedModel(student, session);
  expect(trained?.folder).toBe(join(out, "test", "small", "seed-5", "student"));
  const shared = await trainedModel(teacher, session);
  expect(shared?.folder).toMatch(/pretrained\/teacher-seed-2-[0-9a-f]{8}$/);
  const [own, theirs] = [await loadModel(trained!.file), await loadModel(shared!.file)];
  expect(own.info.vit).toEqual(teacher.recipe.vit);
  expect(own.info.patchSizes).toEqual(["12", "8"]);
  const there = leaves(theirs.params);
  const moved = leaves(own.params).map(({ tensor }, i) => tf.tidy(() => tf.max(tf.abs(tf.sub(tensor, there[i].tensor))).dataSync()[0]));
  expect(Math.max(...moved)).toBeGreaterThan(0);
  expect(Math.max(...moved)).toBeLessThan(3.1 * 4e-3 * 2); // 3 steps of Adam at 0.004 at most, which may overshoot with b2 = 0.95
  disposeTree(own.params, theirs.params);
});

it("a student with a storage of its own keeps the teacher's head and stores kernel and positions at 8x8 and 3x3", async () => {
  const vit = { ...smokeVit, patchSize: [8, 8], positionGrid: [3, 3] } satisfies typeof smokeVit;
  const trained = await trainedModel({ ...student, name: "own storage", ownStorage: true, recipe: { ...student.recipe, vit } }, await sessionOf());
  const [own, theirs] = [await loadModel(trained!.file), await loadModel((await trainedModel(teacher, await sessionOf()))!.file)];
  expect(own.info.vit).toEqual({ ...teacher.recipe.vit, patchSize: [8, 8], positionGrid: [3, 3] });
  expect((own.params.backbone.patchEmbedding.kernel as tf.Tensor).shape).toEqual([8, 8, 1, 16]);
  expectClose(own.params.head.kernel, theirs.params.head.kernel, { absolute: 3.1 * 4e-3 * 2 }); // as above
  disposeTree(own.params, theirs.params);
});

it("the same plan is not trained again, and another plan in its folder is refused", async () => {
  const session = await sessionOf();
  const before = await readFile(join(out, "test", "small", "seed-5", "student", "log.jsonl"), "utf8");
  const trained = await trainedModel(student, session);
  expect(await readFile(join(trained!.folder!, "log.jsonl"), "utf8")).toBe(before);
  const { artifacts, summary } = await readRun(trained!.folder!);
  expect(summary.status).toBe("finished");
  expect(artifacts.at(-1)).toMatchObject({ kind: "model", path: trained!.file, step: 3 });
  expect(artifacts.map(({ kind }) => kind)).toEqual(["checkpoint", "checkpoint", "model"]);
  for (const { path, sha256 } of artifacts) expect(createHash("sha256").update(await readFile(path)).digest("hex")).toBe(sha256);
  const other: TrainedPlan = { ...student, recipe: { ...student.recipe, steps: 4 } };
  await expect(trainedModel(other, session)).rejects.toThrow(
    new Error(`experiment(out): expected runs of the present config, got another one in ${trained!.folder}. Remove that folder, or choose another with --out.`),
  );
});

it("a student that is trained with its teacher leaves no tensor", async () => {
  const session = await sessionOf();
  let seed = 10;
  await expectNoLeak(() => trainedModel({ ...student, recipe: { ...student.recipe, seed: seed++ } }, session));
});

it("weights in a file are taken as they are, and an interrupted teacher gives no student", async () => {
  const file = join(out, "weights");
  await writeFile(file, "");
  expect(await trainedModel({ name: "ready", file }, await sessionOf())).toEqual({ file });
  const fresh = { ...teacher, recipe: { ...teacher.recipe, seed: 9 } };
  expect(await trainedModel({ ...student, name: "other", from: fresh }, await sessionOf(AbortSignal.abort()))).toBeUndefined();
});
