import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "@flexivit/run-log";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit } from "../test-support/program.ts";

let pictures: string;
beforeAll(async () => {
  pictures = await pictureFolder(8);
});

const newOut = (): Promise<string> => mkdtemp(join(tmpdir(), "flexivit-runs-"));

/** Flags of a training of seconds: 22 pictures to train on, 2 to test on. */
const flagsFor = (out: string, changes: Record<string, string> = {}): string[] => {
  const flags = { data: pictures, out, variant: "mu", "image-size": "24", "patch-sizes": "12,8,6x4", steps: "12", "batch-size": "8", "learning-rate": "0.003", ...changes };
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
};

describe("flexivit train", () => {
  it("trains on a folder of pictures, and prints and reports the accuracy at every patch size", async () => {
    const out = await newOut();
    const { code, out: result, err } = await flexivit("train", ...flagsFor(out, { steps: "40" }), "--json");
    const folder = join(out, "flexible");
    expect([code, JSON.parse(result)]).toEqual([
      0,
      {
        steps: 40,
        // One bright colour per class: not even a tiny model may miss a picture.
        evaluations: [{ patchSize: "12", accuracy: 1 }, { patchSize: "8", accuracy: 1 }, { patchSize: "6x4", accuracy: 1 }],
        model: join(folder, "model.safetensors"),
        report: join(folder, "report.html"),
      },
    ]);
    expect(err).toContain(`data:   ${pictures}, 22 training pictures, 2 test pictures (a tenth, held out), 3 classes\n`);
    expect(err).toContain("model:  ViT-mu at 24 px, patch sizes 12 8 6x4; 40 steps of 8 pictures\n");
    expect(err).toMatch(/\nengine: (native|wasm) /);
    expect(err).toMatch(/\nflexible {2}100 % {2}40\/40 {2}loss \S+ {2}patch \S+ {2}\S+ images\/s {2}in \d/);
    expect(err).toContain("step 40  accuracy at patch size  12: 100.00 %  8: 100.00 %  6x4: 100.00 %\n");
    expect(await readFile(join(folder, "report.html"), "utf8")).toContain("Accuracy against patch size");
    const { series, summary } = await readRun(folder);
    expect(series("loss")).toHaveLength(40);
    expect(series("accuracy/6x4").map(({ step }) => step)).toEqual([4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    expect(summary.status).toBe("finished");
  });

  it("prints a table for people, and keeps what is no result off standard output", async () => {
    const out = await newOut();
    const { out: result } = await flexivit("train", ...flagsFor(out, { steps: "2", name: "two" }));
    const folder = join(out, "two");
    expect(result).toMatch(
      new RegExp(`^patch size {2}accuracy\n─+ {2}─+\n12 +\\S+ %\n8 +\\S+ %\n6x4 +\\S+ %\n\nmodel: {2}${folder}/model.safetensors\nreport: ${folder}/report.html\n$`),
    );
  });

  it("stores kernel and positions of a fixed model at its own size", async () => {
    const out = await newOut();
    await flexivit("train", ...flagsFor(out, { steps: "1", "patch-sizes": "6x4" }));
    const { config } = await readRun(join(out, "flexible"));
    expect(config).toMatchObject({ vit: { patchSize: [6, 4], positionGrid: [4, 6] } });
  });

  it("takes the recipe's defaults: a tenth of the steps between evaluations, a twentieth to warm up, sizes of 25 to 900 patches", async () => {
    const out = await newOut();
    const flags = flagsFor(out, { steps: "20", "image-size": "30" }).filter((flag, i, all) => flag !== "--patch-sizes" && all[i - 1] !== "--patch-sizes");
    const { code } = await flexivit("train", ...flags);
    expect(code).toBe(0);
    const { config } = await readRun(join(out, "flexible"));
    expect(config).toMatchObject({
      patchSizes: ["6", "5", "3", "2", "1"],
      vit: { patchSize: [6, 6], positionGrid: [7, 7], dim: 32 },
      steps: 20,
      schedule: { kind: "cosine", warmupSteps: 1 },
      evaluateEvery: 2,
      checkpointEvery: 2,
      optimizer: { kind: "adamw", learningRate: 0.003, weightDecay: 1e-4 },
      clipNorm: 1,
      trainFraming: { kind: "inception-crop", flip: true },
      data: { trainingPictures: 22, testPictures: 2, classes: 3 },
    });
  });
});

describe("bad input", () => {
  it("damaged pictures are listed and left out, or refused with --strict", async () => {
    const folder = await pictureFolder(4);
    await truncate(join(folder, "red", "01.png"), 90);
    await writeFile(join(folder, "green", "00.png"), "");
    const { code, err } = await flexivit("train", ...flagsFor(await newOut(), { data: folder, steps: "1" }));
    expect(code).toBe(0);
    expect(err).toContain(`skipped ${join(folder, "green", "00.png")}: empty file\n`);
    expect(err).toMatch(new RegExp(`skipped ${join(folder, "red", "01.png")}: \\S`));
    expect(err).toContain("9 training pictures, 1 test picture (a tenth, held out)");
    const out = await newOut();
    const strict = await flexivit("train", ...flagsFor(out, { data: folder, steps: "1" }), "--strict");
    expect(strict.code).toBe(1);
    expect(strict.err).toContain(
      `imageFolder(strict): expected readable pictures only, got 2 unusable files, the first being ${join(folder, "green", "00.png")}: empty file. Remove them or leave strict out.\n`,
    );
    expect(await readdir(out)).toEqual([]);
  });

  it.each([
    [
      { "patch-sizes": "12,48" },
      "gridOf(imageSize): expected an image no smaller than one patch of 48x48 pixels, got 24x24. Use patches of at most 24x24, or resize the image to at least 48x48.\n",
    ],
    [
      { "patch-sizes": "12,6x5" },
      'gridOf(imageSize): expected patches of 6x5 to cover the image 24x24, got a remainder of 4 pixels in width. Resize the image to width 20 or 25, use patches of width 4 or 6, or pass remainder "crop" to leave these pixels out.\n',
    ],
    [
      { "patch-sizes": "12,6", "patch-weights": "1" },
      "categorical(weights): expected 2 weights, one per scheme, got 1. Leave weights out to draw all schemes alike.\n",
    ],
    [{ draw: "gaussian", "draw-centre": "8" }, "train(--draw): expected --draw-std with gaussian, got none. Give it, or draw all sizes alike without --draw.\n"],
    [{ draw: "cost-equalised", "draw-std": "8" }, "train(--draw-std): expected --draw gaussian with it, got cost-equalised. Leave out one of the two.\n"],
    [{ schemes: "nowhere.json" }, "train(--schemes): expected sizes and draws from the file alone, got --patch-sizes too. Leave out one of the two.\n"],
    [{ accumulate: "3" }, "checkRecipe(accumulate): expected equal parts of a batch of 8, got 3 parts. Choose parts whose number divides the batch.\n"],
    [
      { "warmup-steps": "12" },
      "scheduleAt(schedule): expected warmupSteps below and cooldownSteps within totalSteps 12, got 12 and 0. Shorten them or train longer.\n",
    ],
    [{ epochs: "2" }, "train(--epochs): expected one of --epochs and --steps, got both. Leave out one of the two.\n"],
    [{ data: "nowhere" }, 'openData(name): expected fashion-mnist, mnist, cifar10, a folder of pictures or a .csv file of labels, got "nowhere". Check the path.\n'],
  ])("%o is refused before a run folder is made", async (changes, message) => {
    const out = await newOut();
    expect(await flexivit("train", ...flagsFor(out, changes))).toEqual({ code: 1, out: "", err: message });
    expect(await readdir(out)).toEqual([]);
  });

  it("a remainder is cropped where it is asked for", async () => {
    const out = await newOut();
    const { code } = await flexivit("train", ...flagsFor(out, { "patch-sizes": "7,5x10", steps: "1", remainder: "crop" }));
    expect(code).toBe(0);
  });

  it("an image size that no patch size divides well is refused with what to do", async () => {
    expect(await flexivit("train", "--data", pictures, "--image-size", "97")).toEqual({
      code: 1,
      out: "",
      err: "train(--image-size): expected a size that square patches divide into 25 to 900, got 97. Give --patch-sizes, or a size such as 240.\n",
    });
  });

  it("a run folder that cannot be written is named, before the pictures are read", async () => {
    const file = join(await newOut(), "file");
    await writeFile(file, "");
    const refused = (out: string, code: string) => ({ code: 1, out: "", err: `train(--out): expected a folder that can be written, got ${code} at ${join(out, "flexible")}. Name another one.\n` });
    expect(await flexivit("train", ...flagsFor(join(file, "runs"), { data: "nowhere" }))).toEqual(refused(join(file, "runs"), "ENOTDIR"));
    if (process.platform === "linux") expect(await flexivit("train", ...flagsFor("/proc/runs"))).toEqual(refused("/proc/runs", "ENOENT"));
  });

  it("a folder that holds a run is kept unless --resume is given", async () => {
    const out = await newOut();
    await flexivit("train", ...flagsFor(out, { steps: "1" }));
    const { code, err } = await flexivit("train", ...flagsFor(out, { steps: "1" }));
    expect([code, err]).toEqual([
      1,
      `train(--name): expected the name of a new run, got flexible, whose run is in ${join(out, "flexible")}. Give another --name, or --resume to go on with that run.\n`,
    ]);
  });

  it("a loss that is not finite stops the run, names step and checkpoint, and the run can go on with another value", async () => {
    const out = await newOut();
    // A decay of 1e38 throws the weights off at the first step whose schedule is not 0.
    const flags = { "weight-decay": "1e38", "warmup-steps": "2", "checkpoint-every": "1" };
    const { code, err } = await flexivit("train", ...flagsFor(out, flags));
    const folder = join(out, "flexible");
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`train\\(loss\\): expected finite losses, gradients and weights, got .+ step 2.*\\. The last good checkpoint is ${folder}/checkpoints/step-00000001\\.safetensors: go on from it with a lower learning rate`));
    expect(err).toContain(`The run stays in ${folder}. --resume goes on with it, with other values where --allow-changes names them, as in --allow-changes optimizer.learningRate.\n`);
    expect((await readRun(folder)).summary.status).toBe("failed");
    const healed = await flexivit("train", ...flagsFor(out, { ...flags, "weight-decay": "0.01" }), "--resume", "--allow-changes", "optimizer.weightDecay");
    expect(healed.code).toBe(0);
    expect((await readRun(folder)).series("loss").map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });
});

describe("--resume", () => {
  it("refuses flags that differ and lists them, steps too, since the schedule depends on them", async () => {
    const out = await newOut();
    const folder = join(out, "flexible");
    await flexivit("train", ...flagsFor(out, { steps: "4" }));
    const { code, err } = await flexivit("train", ...flagsFor(out, { steps: "40", seed: "3" }), "--resume");
    expect(code).toBe(1);
    expect(err.slice(err.indexOf("openRun"))).toBe(
      `openRun(config): expected the config of the run in ${folder}, got other values:\n` +
        "  seed: 0 in the run, 3 now\n  steps: 4 in the run, 40 now\n  schedule.warmupSteps: 0 in the run, 2 now\n" +
        "Resume with the run's own values, allow these keys to change, or start a new run in another folder.\n",
    );
  });

  it("refuses other pictures", async () => {
    const folder = await pictureFolder(4);
    const out = await newOut();
    await flexivit("train", ...flagsFor(out, { data: folder, steps: "2" }));
    await rm(join(folder, "red", "00.png"));
    const { code, err } = await flexivit("train", ...flagsFor(out, { data: folder, steps: "2" }), "--resume");
    expect(code).toBe(1);
    expect(err).toMatch(/\n {2}data\.trainingPictures: 11 in the run, 10 now\n {2}data\.fingerprint: /);
  });

  it("of a finished run says so, trains nothing and prints its result again", async () => {
    const out = await newOut();
    const first = await flexivit("train", ...flagsFor(out));
    const log = await readRun(join(out, "flexible"));
    const again = await flexivit("train", ...flagsFor(out), "--resume");
    expect([again.code, again.out]).toEqual([0, first.out]);
    expect(again.err.split("\n").at(-2)).toBe("This run is finished: all 12 steps were done before.");
    expect((await readRun(join(out, "flexible"))).rows).toEqual(log.rows);
  });

  it("of a finished run that lost its model writes it again, bit for bit", async () => {
    const out = await newOut();
    const file = join(out, "flexible", "model.safetensors");
    await flexivit("train", ...flagsFor(out));
    const bytes = await readFile(file);
    await rm(file);
    expect((await flexivit("train", ...flagsFor(out), "--resume")).code).toBe(0);
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  it("goes on with more steps only where --allow-changes says so", async () => {
    const out = await newOut();
    await flexivit("train", ...flagsFor(out, { steps: "4" }));
    const { code } = await flexivit("train", ...flagsFor(out, { steps: "6" }), "--resume", "--allow-changes", "steps,schedule.warmupSteps");
    expect(code).toBe(0);
    expect((await readRun(join(out, "flexible"))).series("loss")).toHaveLength(6);
  });
});
