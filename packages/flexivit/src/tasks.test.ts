import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors } from "@flexivit/checkpoint";
import { readRun } from "@flexivit/run-log";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit } from "../test-support/program.ts";

let pictures: string;
beforeAll(async () => {
  pictures = await pictureFolder(8);
});

/** A file of labels beside the pictures: a line for each of blue, green and red. */
async function labels(name: string, header: string, lineOf: (colour: string) => string): Promise<string> {
  const file = join(pictures, name);
  const lines = ["blue", "green", "red"].flatMap((colour) => Array.from({ length: 8 }, (_, i) => `${colour}/0${i}.png,${lineOf(colour)}`));
  await writeFile(file, [header, ...lines].join("\n"));
  return file;
}

const train = async (data: string, changes: Record<string, string> = {}) => {
  const out = await mkdtemp(join(tmpdir(), "flexivit-tasks-"));
  const flags = { data, out, variant: "mu", "image-size": "24", "patch-sizes": "12,6", steps: "60", "batch-size": "8", "learning-rate": "0.003", "evaluate-every": "60", ...changes };
  const outcome = await flexivit("train", ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]));
  return { ...outcome, folder: join(out, "flexible") };
};

type Predicted = { classes?: { name: string; probability: number }[]; values?: { name: string; value: number }[] };

/** What `flexivit predict` says of a picture at a trained size. */
async function predict(model: string, picture: string): Promise<Predicted[]> {
  return JSON.parse((await flexivit("predict", join(pictures, picture), "--checkpoint", model, "--json")).out) as Predicted[];
}

describe("a file of labels", () => {
  it("with several classes per picture trains a sigmoid head, measured by average precision and F1, and resumes only with the same labels", async () => {
    const file = await labels("several.csv", "file,classes", (colour) => ({ blue: "cold|dark", green: "cold", red: "" })[colour]!);
    const { code, out, folder } = await train(file);
    expect(code).toBe(0);
    expect(out).toMatch(/^patch size {2}mean AP +micro F1 +macro F1\n[─ ]+\n12 +100\.00 % +\d+\.\d\d % +\d+\.\d\d %\n6 +100\.00 %/);
    expect((await readRun(folder)).config).toMatchObject({ objective: "sigmoid" });
    const model = join(folder, "model.safetensors");
    const evaluated = await flexivit("evaluate", "--checkpoint", model, "--data", file, "--patch-sizes", "8", "--all", "--json");
    // Two classes, each told by its own bright colour: all of them in order at a size that it never saw.
    expect(JSON.parse(evaluated.out)).toMatchObject([{ patchSize: "8", tokens: 9, meanAveragePrecision: 1, pictures: 24 }]);
    const [{ classes }] = await predict(model, "blue/00.png");
    // Both classes hold for blue: probabilities of their own, not shares of 1.
    expect(classes!.map(({ name, probability }) => [name, probability > 0.5])).toEqual(expect.arrayContaining([["cold", true], ["dark", true]]));
    await labels("several.csv", "file,classes", (colour) => ({ blue: "cold", green: "cold|dark", red: "" })[colour]!);
    const resumed = await flexivit("train", "--data", file, "--out", join(folder, ".."), "--variant", "mu", "--image-size", "24", "--patch-sizes", "12,6", "--steps", "60", "--batch-size", "8", "--learning-rate", "0.003", "--evaluate-every", "60", "--resume");
    expect(resumed.code).toBe(1);
    expect(resumed.err).toMatch(/\n {2}data\.fingerprint: /);
  });

  it("with numbers trains a regression, measured by its errors", async () => {
    const file = await labels("numbers.csv", "file,warmth,light", (colour) => ({ blue: "-1,0.5", green: "0,1", red: "1,0.5" })[colour]!);
    const { code, out, err, folder } = await train(file, { steps: "80" });
    expect(code).toBe(0);
    expect(err).toContain(" (a tenth, held out), 2 numbers\n");
    expect(out).toMatch(/^patch size {2}MAE +RMSE +R2\n/);
    const { summary, config } = await readRun(folder);
    expect(config).toMatchObject({ objective: "l2" });
    // Numbers of standard deviation 0.8 and 0.2 about their mean: a third of that is learnt, not guessed.
    expect(summary.values["rmse/12"]).toBeLessThan(0.2);
    expect(summary.values["rmse/6"]).toBeLessThan(0.2);
    const model = join(folder, "model.safetensors");
    const [{ values }] = await predict(model, "blue/00.png");
    expect(values!.map(({ name }) => name)).toEqual(["warmth", "light"]);
    expect(Math.abs(values![0].value + 1)).toBeLessThan(0.5); // blue is the only one below 0
    expect((await flexivit("predict", join(pictures, "blue/00.png"), "--checkpoint", model)).out).toMatch(/^picture +patch size +numbers\n.+\n.+ 6 +warmth -\d\S+, light \d\S+\n$/);
  });

  it("refuses a loss that is not for its targets, before a run folder is made", async () => {
    const file = await labels("other.csv", "file,warmth", () => "1");
    expect(await train(file, { objective: "softmax" })).toMatchObject({
      code: 1,
      err: "train(--objective): expected one of l2, l1, huber for regression data, got softmax. Leave it out for l2.\n",
    });
  });

  it("takes test pictures from val.csv beside train.csv, in the classes of training", async () => {
    const folder = pictures;
    await labels("train.csv", "file,classes", (colour) => (colour === "red" ? "warm" : "cold"));
    await writeFile(join(folder, "val.csv"), "file,classes\nred/00.png,warm\nblue/00.png,cold\n");
    const { code, err } = await train(join(folder, "train.csv"), { steps: "1" });
    expect(code).toBe(0);
    expect(err).toContain("24 training pictures, 2 test pictures, 2 classes\n");
  });
});

describe("a second head", () => {
  it("adds its weighted loss to the model's, both in every row of the log, and is left out of the trained model", async () => {
    const { code, folder } = await train(pictures, { steps: "4", "auxiliary-block": "0", "auxiliary-weight": "0.5", "learning-rate": "0.01" });
    expect(code).toBe(0);
    const { series } = await readRun(folder);
    const [loss, label, auxiliary] = ["loss", "label", "auxiliary"].map((name) => series(name).map(({ value }) => value));
    expect(loss).toHaveLength(4);
    for (const step of loss.keys()) expect(loss[step]).toBeCloseTo(label[step] + 0.5 * auxiliary[step], 5);
    expect(auxiliary[3]).not.toBe(auxiliary[0]);
    const { entries } = await readSafetensors(join(folder, "model.safetensors"));
    expect(Object.keys(entries).filter((name) => name.startsWith("auxiliary"))).toEqual([]);
  });

  it("is refused on a block that does not exist, and on pictures of several sizes", async () => {
    expect(await train(pictures, { "auxiliary-block": "1" })).toMatchObject({
      code: 1,
      err: "checkRecipe(auxiliary.block): expected a block from 0 to 0, got 1. Choose one in the middle.\n",
    });
    expect(await train(pictures, { "auxiliary-block": "0", "image-sizes": "24,48" })).toMatchObject({
      code: 1,
      err: "checkRecipe(auxiliary): expected pictures of one size with a second head, got 2 sizes. Leave out one of the two.\n",
    });
  });
});

describe("augmentation by flags", () => {
  it("is data in the run's config, and the training goes through", async () => {
    const { code, folder } = await train(pictures, { steps: "2", "rand-augment": "2,10", cutmix: "1", mixup: "0.2", "label-smoothing": "0.1", "smoothing-among": "others" });
    expect(code).toBe(0);
    expect((await readRun(folder)).config).toMatchObject({
      augment: { kind: "rand-augment", layers: 2, magnitude: 10 },
      mix: { mixup: { alpha: 0.2 }, cutmix: { alpha: 1 } },
      labelSmoothing: { share: 0.1, among: "others" },
    });
  });

  it("refuses layers and magnitudes that are none", async () => {
    const { code, err } = await train(pictures, { "rand-augment": "2" });
    expect([code, err.split("\n")[0]]).toEqual([
      2,
      "error: option '--rand-augment <layers,magnitude>' argument '2' is invalid. Expected a whole number of layers of at least 1 and a magnitude from 0 to 30, such as 2,10.",
    ]);
  });
});
