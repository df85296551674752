import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit, startFlexivit } from "../test-support/program.ts";

let pictures: string;
let model: string;
beforeAll(async () => {
  pictures = await pictureFolder(10);
  const out = await mkdtemp(join(tmpdir(), "flexivit-commands-"));
  const flags = { data: pictures, out, variant: "mu", "image-size": "24", "patch-sizes": "4,12,8", steps: "40", "batch-size": "8", "learning-rate": "0.003", "evaluate-every": "40" };
  await flexivit("train", ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
  model = join(out, "flexible", "model.safetensors");
});

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1)!;

describe("flexivit evaluate", () => {
  it("gives the accuracy at the sizes of training, on the held-out tenth", async () => {
    const { code, out, err } = await flexivit("evaluate", "--checkpoint", model, "--data", pictures, "--json");
    expect(code).toBe(0);
    const imagesPerSecond = expect.any(Number);
    expect(JSON.parse(out)).toEqual([
      { patchSize: "4", tokens: 36, accuracy: 1, pictures: 3, imagesPerSecond },
      { patchSize: "12", tokens: 4, accuracy: 1, pictures: 3, imagesPerSecond },
      { patchSize: "8", tokens: 9, accuracy: 1, pictures: 3, imagesPerSecond },
    ]);
    expect(err).toContain("3 pictures (a tenth, held out; --all takes all)");
  });

  it("deploys a model at sizes that it never saw, on all pictures, as a table", async () => {
    const { code, out } = await flexivit("evaluate", "--checkpoint", model, "--data", pictures, "--patch-sizes", "6,24,3x8", "--all");
    expect(code).toBe(0);
    expect(out).toMatch(/^patch size {2}tokens {2}accuracy {2}images\/s\n[─ ]+\n6 +16 {2}100\.00 % +\d+\n24 +1 {2}\d+\.\d\d % +\d+\n3x8 +24 {2}100\.00 % +\d+\n$/);
  });

  it("crops a remainder where it is asked for, and refuses it otherwise before a picture is read", async () => {
    const flags = ["evaluate", "--checkpoint", model, "--data", "nowhere", "--patch-sizes", "5"];
    expect(lastLine((await flexivit(...flags)).err)).toMatch(/^gridOf\(imageSize\): expected patches of 5x5 to cover the image 24x24, got a remainder/);
    const cropped = await flexivit(...flags, "--data", pictures, "--remainder", "crop", "--json");
    expect(JSON.parse(cropped.out)).toMatchObject([{ patchSize: "5", tokens: 16, pictures: 3 }]);
  });

  it("refuses pictures with other channels or classes than the model's", async () => {
    const grey = await flexivit("evaluate", "--checkpoint", model, "--data", "mnist");
    expect([grey.code, lastLine(grey.err)]).toEqual([
      1,
      "evaluateAt(source): expected pictures with 3 channels, as the model takes them, got 1. Open the data with that many.",
    ]);
    const other = await pictureFolder(2);
    await rm(join(other, "red"), { recursive: true });
    await writeFile(join(await folderOf(other, "pink"), "00.png"), await readFile(join(other, "blue", "00.png")));
    const foreign = await flexivit("evaluate", "--checkpoint", model, "--data", other);
    expect([foreign.code, lastLine(foreign.err)]).toEqual([
      1,
      `imageFolder(classes): expected folders of 3 classes in ${other}, got "pink". Add the class or move the folder.`,
    ]);
  });

  it("names a checkpoint that is missing, or is none of ours", async () => {
    const missing = await flexivit("evaluate", "--checkpoint", "nowhere.safetensors", "--data", pictures);
    expect([missing.code, lastLine(missing.err)]).toEqual([1, "loadVit(file): expected a readable file, got ENOENT for nowhere.safetensors. Check the path."]);
    const picture = join(pictures, "red", "00.png");
    const foreign = await flexivit("evaluate", "--checkpoint", picture, "--data", pictures);
    expect([foreign.code, lastLine(foreign.err)]).toEqual([1, expect.stringContaining(picture)]);
  });
});

describe("flexivit predict", () => {
  it("gives the classes of pictures at several patch sizes, the most probable first", async () => {
    const files = [join(pictures, "red", "03.png"), join(pictures, "blue", "04.png")];
    const { code, out, err } = await flexivit("predict", ...files, "--checkpoint", model, "--patch-size", "12,6", "--top", "2", "--json");
    expect([code, err]).toEqual([0, ""]);
    const predictions = JSON.parse(out) as { file: string; patchSize: string; classes: { name: string; probability: number }[] }[];
    expect(predictions.map(({ file, patchSize, classes }) => [file, patchSize, classes[0].name, classes.length])).toEqual([
      [files[0], "12", "red", 2],
      [files[0], "6", "red", 2],
      [files[1], "12", "blue", 2],
      [files[1], "6", "blue", 2],
    ]);
    for (const { classes } of predictions) expect(classes[0].probability).toBeGreaterThan(Math.max(0.5, classes[1].probability));
  });

  it("takes the finest size of training, wherever that stands in its list", async () => {
    const file = join(pictures, "green", "00.png");
    const { out } = await flexivit("predict", file, "--checkpoint", model);
    expect(out.split("\n").at(-2)).toMatch(new RegExp(`^${file} +4 +green \\d\\d\\.\\d\\d %, (red|blue) \\d+\\.\\d\\d %, (red|blue) \\d+\\.\\d\\d %$`));
  });

  it("names pictures that are not there, are a folder, or cannot be decoded", async () => {
    const missing = await flexivit("predict", "a.png", join(pictures, "red", "00.png"), "b.png", "--checkpoint", model);
    expect(missing).toEqual({ code: 1, out: "", err: "predict(pictures): expected picture files, got none at a.png, b.png. Check the path.\n" });
    const folder = await flexivit("predict", join(pictures, "red"), "--checkpoint", model);
    expect(folder.err).toBe(`predict(pictures): expected picture files, got the folder ${join(pictures, "red")}. Name the pictures in it, as in ${join(pictures, "red")}/*.jpg.\n`);
    const damaged = join(await folderOf(await pictureFolder(1), "other"), "damaged.png");
    await writeFile(damaged, "not a picture");
    const { code, err } = await flexivit("predict", damaged, "--checkpoint", model);
    expect([code, err]).toEqual([1, expect.stringMatching(new RegExp(`^readPicture\\(${damaged}\\): expected a picture that can be cut and decoded, got: .+\\. Remove or replace the file\\.\n$`))]);
  });
});

describe("flexivit bench", () => {
  it.each(["forward", "train"])("gives milliseconds per repeat, peak memory and engine of %s", async (mode) => {
    const { code, out } = await flexivit("bench", "--variant", "mu", "--patch-size", "8x6", "--image-size", "24", "--batch-size", "2", "--mode", mode, "--repeats", "3", "--json");
    expect(code).toBe(0);
    const result = JSON.parse(out) as { milliseconds: number[]; peakMemoryBytes: number; engine: { name: string; threads: number } };
    expect(result).toMatchObject({ variant: "mu", patchSize: "8x6", imageSize: 24, batch: 2, mode, engine: { name: process.env["FLEXIVIT_ENGINE"] } });
    expect(result.milliseconds).toHaveLength(3);
    for (const milliseconds of result.milliseconds) expect(milliseconds).toBeGreaterThan(0);
    expect(result.peakMemoryBytes).toBeGreaterThan(2 ** 25);
  });

  it("says the median in words", async () => {
    const { out } = await flexivit("bench", "--variant", "mu", "--patch-size", "12", "--image-size", "24", "--batch", "1", "--repeats", "1");
    expect(out).toMatch(/^forward of ViT-mu\/12 at 24 px, batch 1, on (native|wasm): median \d+ ms \(\d+\.\d images\/s\), peak memory \d+\.\d\d GiB\n$/);
  });

  it("refuses a patch that leaves a remainder", async () => {
    const { code, err } = await flexivit("bench", "--patch-size", "7");
    expect([code, err.slice(0, 77)]).toEqual([1, "gridOf(imageSize): expected patches of 7x7 to cover the image 240x240, got a "]);
  });
});

describe("flexivit engine", () => {
  it("says which engine runs and why, as text and as JSON", async () => {
    const wish = process.env["FLEXIVIT_ENGINE"]!;
    expect((await flexivit("engine")).out).toContain(`${wish} runs because FLEXIVIT_ENGINE asks for it.\n`);
    const reports = JSON.parse((await flexivit("engine", "--json")).out) as { name: string; chosen: boolean }[];
    expect(reports.map(({ name, chosen }) => [name, chosen])).toEqual(["native", "webgpu", "wasm", "cpu"].map((name) => [name, name === wish]));
  });

  it("fetches WebGPU through npm, and without npm says so in one line", async () => {
    const empty = await mkdtemp(join(tmpdir(), "flexivit-bare-"));
    vi.stubEnv("PATH", empty);
    vi.stubEnv("XDG_CACHE_HOME", empty);
    const { code, err } = await flexivit("engine", "install", "--webgpu");
    vi.unstubAllEnvs();
    const reason = "webgpu@0.6.2 could not be fetched (npm: failed (ENOENT): spawn npm ENOENT)";
    const remedy = "Check that `npm pack` works here (network, proxy, registry)";
    expect([code, err]).toEqual([1, `downloading WebGPU: Dawn and a Vulkan driver in software\nWebGPU is not installed: ${reason}. ${remedy}.\n`]);
  });

  it.each([
    ["gpu", "webgpu"],
    ["gpu", "mpi"],
    ["webgpu", "mpi"],
  ])("installs one thing at a time: --%s with --%s is refused", async (one, other) => {
    const { code, err } = await flexivit("engine", "install", `--${other}`, `--${one}`);
    expect([code, err]).toEqual([2, `error: option '--${one}' cannot be used with option '--${other}'\n(flexivit engine install --help lists the options)\n`]);
  });

  it("fetches Open MPI through pip, and without Python says in one line what to install; so does train --ranks", async () => {
    const empty = await mkdtemp(join(tmpdir(), "flexivit-bare-"));
    vi.stubEnv("PATH", empty);
    vi.stubEnv("XDG_CACHE_HOME", empty);
    const installed = await flexivit("engine", "install", "--mpi");
    const trained = await flexivit("train", "--data", pictures, "--ranks", "2");
    vi.unstubAllEnvs();
    expect(installed).toEqual({ code: 1, out: "", err: "Open MPI is not installed: Python is missing. Install Python with pip (Debian, Ubuntu: apt-get install python3-pip).\n" });
    expect(trained).toEqual({
      code: 1,
      out: "",
      err: "launchRanks(mpirun): expected Open MPI, got none. Run: npx flexivit engine install --mpi (or apt-get install openmpi-bin)\n",
    });
  });
});

describe("the command line", () => {
  it.each([["train"], ["evaluate"], ["predict"], ["bench"], ["sync"], ["engine"], ["engine", "install"], ["engine", "verify"], []])("%s %s --help shows an example", async (...path) => {
    const { code, out, err } = await flexivit(...path, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(new RegExp(`\nExamples?:\n {2}flexivit ${path.join(" ")}`));
  });

  it("prints its version", async () => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
    expect(await flexivit("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it.each([
    [["train", "--data", "x", "--variant", "XL"], "error: option '--variant <name>' argument 'XL' is invalid. Allowed choices are mu, Ti, S, M, B, L, So400m, H."],
    [["train"], "error: required option '--data <set>' not specified"],
    [["train", "--data", "x", "--patch-sizes", "12,0"], `error: option '--patch-sizes <list>' argument '12,0' is invalid. parseSize(text): expected whole pixels as "12" or "12x10" (height x width), got "0". Write one number, or two joined by an x.`],
    [["train", "--data", "x", "--patch-sizes", "12,12x12"], "error: option '--patch-sizes <list>' argument '12,12x12' is invalid. Expected each size once, got 12 twice."],
    [["train", "--data", "x", "--ema", "1"], "error: option '--ema <decay>' argument '1' is invalid. Expected a number from 0 to below 1."],
    [["train", "--data", "x", "--learning-rate", "0"], "error: option '--learning-rate <x>' argument '0' is invalid. Expected a number above 0."],
    [["train", "--data", "x", "--mixup", "-1"], "error: option '--mixup <alpha>' argument '-1' is invalid. Expected a number of at least 0."],
    [["bench", "--batch-size", "1.5"], "error: option '--batch, --batch-size <n>' argument '1.5' is invalid. Expected a whole number of at least 1."],
    [["predict", "--checkpoint", "x"], "error: missing required argument 'pictures'"],
    [["trian"], "error: unknown command 'trian'\n(Did you mean train?)"],
  ])("%j is wrong usage: exit code 2, and where to find help", async (args, message) => {
    const command = args[0] === "trian" ? "" : `${args[0]} `;
    expect(await flexivit(...args)).toEqual({ code: 2, out: "", err: `${message}\n(flexivit ${command}--help lists the options)\n` });
  });

  it("without a command shows the help: exit code 2", async () => {
    const { code, err } = await flexivit();
    expect([code, err.split("\n")[0]]).toEqual([2, "Usage: flexivit [options] [command]"]);
  });

  it("shows where an error comes from only where FLEXIVIT_DEBUG is set", async () => {
    const wrong = ["bench", "--patch-size", "999"];
    expect((await flexivit(...wrong)).err.split("\n")).toHaveLength(2);
    vi.stubEnv("FLEXIVIT_DEBUG", "1");
    expect((await flexivit(...wrong)).err).toMatch(/\n {4}at .*grid\.ts/);
    vi.unstubAllEnvs();
  });

  it("as a program of its own ends with the same code and streams", async () => {
    const { code, out, err } = await startFlexivit(["train", "--data", pictures, "--image-size", "97"]).end;
    expect([code, out, err.split(":")[0]]).toEqual([1, "", "train(--image-size)"]);
  });
});

async function folderOf(parent: string, name: string): Promise<string> {
  await mkdir(join(parent, name));
  return join(parent, name);
}
