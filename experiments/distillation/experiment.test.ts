import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pixelSource } from "@flexivit/data";
import { disposeTree } from "@flexivit/params";
import { expectNoLeak } from "@flexivit/testing";
import type { VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { initClassifierWeights, saveModel, type ClassifierModel } from "flexivit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accuracyAt } from "../accuracy.ts";
import { checkReadyModels } from "../ready-models.ts";
import { smokeVit } from "../recipes.ts";
import type { Trial } from "../study.ts";
import { agreementBetweenSizes } from "./agreement.ts";
import { configs, plansOf, type Config } from "./config.ts";
import { measure } from "./experiment.ts";

const classes = ["a", "b", "c"];
/** A teacher of 36 px and 6 px patches, which cannot cut its own pictures into patches of 8 px. */
const config: Config = { ...configs.smoke, patchSizes: ["12", "8", "6"], teacher: { ...configs.smoke.teacher, imageSizePx: 36 } };
const pixels = Uint8Array.from({ length: 90 * 24 * 24 }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 24); // as good as noise
const test = pixelSource({ name: "noise", pixels, height: 24, width: 24, channels: 1, labels: Array.from({ length: 90 }, (_, i) => i % 3), classes });

/** A model whose head, which begins with zeros, is random. */
function modelOf(vit: VitConfig, imageSizePx: number, seed: number): ClassifierModel {
  const { backbone, head } = initClassifierWeights(vit, 3, 0, seed);
  const kernel = tf.randomNormal<tf.Rank.R2>([16, 3], 0, 1, "float32", seed + 1); // 0 is no seed to TensorFlow.js
  head.kernel.dispose();
  return { params: { backbone, head: { ...head, kernel } }, info: { vit, classes, imageSizePx, framing: { kind: "squash" }, patchSizes: ["6"] } };
}

let models: Trial<Config>["models"];
beforeAll(() => {
  models = plansOf(config, 0).map((plan, index) => ({ plan, model: modelOf(smokeVit, index === 0 ? 36 : 24, index) }));
});
afterAll(() => disposeTree(...models.map(({ model }) => model.params)));

const trial = (): Trial<Config> => ({
  config,
  seed: 0,
  data: { name: "noise", training: test, test, skipped: [], heldOut: false, task: "single-label" },
  models,
  signal: new AbortController().signal,
});

it("the teacher sees its own 36 px at its own 6 px patches, and the students' 24 px at patches of 12 and 8", async () => {
  const [accuracy, agreement] = await measure(trial());
  const [{ model }] = models;
  const wanted = [["12", 24], ["8", 24], ["6", 36]] as const;
  const expected: number[] = [];
  for (const [size, imageSizePx] of wanted) expected.push(await accuracyAt(model, test, size, { imageSizePx }));
  expect(accuracy.lines[0]).toMatchObject({ name: "teacher", values: expected, trainedAt: "6" });
  expect(await accuracyAt(model, test, "6", { imageSizePx: 24 })).not.toBe(expected[2]); // else the test sees nothing
  expect(agreement.lines.map(({ name }) => name)).toEqual(models.slice(1).map(({ plan }) => plan.name));
});

it("a model in a file is refused before any training where its classes are not the data's; models that are to be trained are not looked at", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "ready-")), "model.safetensors");
  const [{ plan, model }] = models;
  await saveModel(file, { ...model, info: { ...model.info, classes: ["class 0", "class 1", "class 2"] } });
  await expect(checkReadyModels([plan, { name: "teacher", file }], trial().data)).rejects.toThrow(
    new Error(`experiment(weights): expected a model of the data's 3 classes (a, ...), got one of 3 classes (class 0, ...) in ${file}. Name its classes with flexivit convert --labels.`),
  );
  await saveModel(file, model);
  await checkReadyModels([plan, { name: "teacher", file }], trial().data);
});

it("a model agrees with itself at each patch size, and as often with one size as the other way round", async () => {
  const [, { model }] = models;
  const shares = await agreementBetweenSizes(model, test, ["12", "8", "6"]);
  for (const [i, row] of shares.entries()) for (const [j, share] of row.entries()) expect(share).toBe(i === j ? 1 : shares[j][i]);
  expect(Math.min(...shares.flat())).toBeLessThan(1);
  await expectNoLeak(async () => void (await agreementBetweenSizes(model, test, ["12", "6"])));
});
