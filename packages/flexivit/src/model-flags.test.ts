import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "@flexivit/run-log";
import type { VitConfig } from "@flexivit/vit";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit } from "../test-support/program.ts";

let pictures: string;
beforeAll(async () => {
  pictures = await pictureFolder(6);
});

/** Two steps of the smallest model with these flags, and the model that the run's config names. */
async function train(...flags: string[]): Promise<{ code: number; err: string; vit?: VitConfig; folder: string }> {
  const out = await mkdtemp(join(tmpdir(), "flexivit-models-"));
  const own = ["--data", pictures, "--out", out, "--variant", "mu", "--image-size", "24", "--patch-sizes", "12,8,6", "--steps", "2", "--batch-size", "6"];
  const { code, err } = await flexivit("train", ...own, ...flags);
  const folder = join(out, "flexible");
  const config = code === 0 ? ((await readRun(folder)).config as { vit: VitConfig }) : undefined;
  return { code, err, vit: config?.vit, folder };
}

describe("the model that flags make", () => {
  it.each([
    [["--embedder", "mlp"], { embedder: { kind: "mlp", hiddenDim: 64 } }],
    [["--embedder", "attention"], { embedder: { kind: "attention", heads: 2 } }],
    [["--embedder", "tile-cnn"], { embedder: { kind: "tile-cnn", channels: 8 } }],
    [["--embedder", "conv-stem"], { embedder: { kind: "conv-stem", channels: [8] } }],
    [["--embedder", "hybrid", "--positions", "factorised"], { embedder: { kind: "hybrid", stages: [{ channels: 8, blocks: 1 }] }, positions: "factorised" }],
    [["--positions", "sequence", "--registers", "3", "--mlp", "swiglu"], { positions: "sequence", registers: 3, mlp: "swiglu" }],
    [["--positions", "sin-cos", "--layer-scale", "0.1", "--drop-path", "0.2"], { positions: "sin-cos", layerScale: 0.1, dropPath: 0.2 }],
    [["--positions", "index", "--pooling", "map"], { positions: "index", pooling: "map" }],
    [["--positions", "none", "--pooling", "tok"], { positions: "none", classToken: { value: "learned", at: "first", position: false } }],
    [["--class-token", "ones,last,position", "--pooling", "tok"], { classToken: { value: "ones", at: "last", position: true } }],
    [["--kernel-interpolation", "bicubic"], { kernelResize: { method: "pi", interpolation: { kernel: "bicubic", antialias: false, alignment: "half-pixel" } } }],
    [["--kernel-resize", "area", "--kernel-antialias"], { kernelResize: { method: "area", interpolation: { kernel: "bilinear", antialias: true, alignment: "half-pixel" } } }],
    [["--store-patch-size", "8", "--store-grid", "3x5"], { patchSize: [8, 8], positionGrid: [3, 5] }],
  ])("%j trains, and its config says %j", async (flags, fields) => {
    const { code, vit } = await train(...flags);
    expect(code).toBe(0);
    expect(vit).toMatchObject(fields);
  });

  it("takes any field from a file, and the trained model is evaluated at a stride that overlaps", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "flexivit-config-")), "model.json");
    await writeFile(file, JSON.stringify({ embedder: { kind: "linear", perPosition: true }, positionGrid: [3, 3], depth: 2 }));
    const { code, vit, folder } = await train("--model-config", file);
    expect(code).toBe(0);
    expect(vit).toMatchObject({ embedder: { kind: "linear", perPosition: true }, positionGrid: [3, 3], depth: 2, dim: 32 });
    const evaluated = await flexivit("evaluate", "--checkpoint", join(folder, "model.safetensors"), "--data", pictures, "--patch-sizes", "12/6,12", "--json");
    expect(JSON.parse(evaluated.out)).toMatchObject([{ patchSize: "12x12/6x6", tokens: 9 }, { patchSize: "12", tokens: 4 }]);
  });

  it("refuses a field in the file that no model has, and names those it has", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "flexivit-config-")), "model.json");
    await writeFile(file, JSON.stringify({ classToken: { value: "ones", at: "first", position: false }, dept: 3 }));
    const { code, err } = await train("--model-config", file);
    expect(code).toBe(1);
    expect(err).toMatch(/^train\(--model-config\): expected fields out of channels, patchSize, .*depth, .*classToken, layerScale, got "dept" in \S+model\.json\. Correct its name or leave it out\.\n$/);
  });

  it("trains on pictures of two sizes in each step, and in less memory with blocks that run again, to the same losses", async () => {
    const mixed = await train("--image-sizes", "24,48");
    const again = await train("--image-sizes", "24,48", "--recompute");
    expect([mixed.code, again.code]).toEqual([0, 0]);
    const losses = async ({ folder }: { folder: string }) => (await readRun(folder)).series("loss").map(({ value }) => value);
    expect(await losses(again)).toEqual(await losses(mixed));
    expect((await readRun(mixed.folder)).config).toMatchObject({ imageSizesPx: [24, 48] });
  });

  it.each<[string, string, object, string]>([
    ["a method that does not exist", "--model-config", { kernelResize: { method: "lanczos" } }, 'resizeCertificate(method): expected one of pi, bilinear, norm, area, got "lanczos". Use one of these names.\n'],
    [
      "an interpolation of positions that does not exist",
      "--model-config",
      { positionInterpolation: { kernel: "lanczos", antialias: true, alignment: "half-pixel" } },
      'resizeMatrix(kernel): expected one of bilinear, bicubic, area, got "lanczos". Use one of these values.\n',
    ],
  ])("refuses %s before a run folder is made", async (_what, flag, content, message) => {
    const file = join(await mkdtemp(join(tmpdir(), "flexivit-config-")), "file.json");
    await writeFile(file, JSON.stringify(content));
    const { code, err, folder } = await train(flag, file);
    expect([code, err, existsSync(folder)]).toEqual([1, message, false]);
  });

  it.each([
    [["--image-sizes", "24,25"], /^gridOf\(imageSize\): expected patches of 12x12 to cover the image 25x25/],
    [["--image-sizes", "24,48,72,96"], "checkRecipe(imageSizesPx): expected a number of sizes that divides the 6 pictures of a part, got 4 sizes. Change the batch size.\n"],
    [["--class-token", "random", "--pooling", "tok"], 'train(--class-token): expected a form such as zeros or learned,first,position, got "random". Leave it out for no class token, with --pooling gap or map.\n'],
    [["--covariance", "nowhere.json"], /^train\(--covariance\): expected what flexivit covariance writes, got ENOENT in nowhere\.json\. Check the file\.\n$/],
    [["--embedder", "hybrid", "--patch-sizes", "9,8", "--remainder", "crop"], /^vitConfig\(patchSize\): expected multiples of the stem's stride of 2 pixels, got \[9, 9\]/],
  ])("%j is refused before a run folder is made", async (flags, message) => {
    const { code, err } = await train(...flags);
    expect(code).toBe(1);
    expect(err).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  });
});

describe("flexivit covariance", () => {
  it("writes the covariance of patches, shows that it lowers the error of tokens, and training takes it", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "flexivit-covariance-")), "covariance.json");
    const { code, out, err } = await flexivit("covariance", "--data", pictures, "--image-size", "24", "--patch-size", "12", "--patch-sizes", "8,6", "--out", file, "--json");
    expect(code).toBe(0);
    expect(err).toBe(`${file}: second moments of 2,704 patches of 12 px out of 16 pictures\n`); // 13 x 13 windows of each
    const { plain, weighted } = JSON.parse(out) as Record<string, { imageTokenError: number }[]>;
    for (const i of [0, 1]) expect(weighted[i].imageTokenError).toBeLessThan(plain[i].imageTokenError);
    const { covariance } = JSON.parse(await readFile(file, "utf8")) as { covariance: { height: number[][] } };
    expect(covariance.height).toHaveLength(12);
    const trained = await train("--covariance", file);
    expect(trained.code).toBe(0);
    expect(trained.vit?.kernelResize).toMatchObject({ method: "pi", covariance });
    const foreign = await train("--covariance", file, "--patch-sizes", "8x6,6");
    expect([foreign.code, foreign.err]).toEqual([
      1,
      `train(--covariance): expected the covariance of patches of 8x6, as the stored kernel is, got one of 12x12 in ${file}. Make it with flexivit covariance --patch-size 8x6.\n`,
    ]);
  });

  it.each([
    [["--data", "mnist", "--pictures", "2"], { patchSize: [12, 12], imageSizePx: 24 }],
    [["--image-size", "30"], { patchSize: [6, 6], imageSizePx: 30 }], // 25 patches, the coarsest of the default sizes
    [["--image-size", "24", "--patch-sizes", "12x8,6"], { patchSize: [12, 8], imageSizePx: 24 }],
  ])("with %j measures patches of the size that train would store", async (flags, expected) => {
    const file = join(await mkdtemp(join(tmpdir(), "flexivit-covariance-")), "covariance.json");
    const { code } = await flexivit("covariance", ...(flags.includes("--data") ? [] : ["--data", pictures]), ...flags, "--out", file);
    expect([code, JSON.parse(await readFile(file, "utf8"))]).toEqual([0, expect.objectContaining(expected)]);
  });
});
