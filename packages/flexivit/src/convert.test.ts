import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadVit, readNpz, readSafetensors, writeNpz } from "@flexivit/checkpoint";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { expectClose, fixturePath, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit } from "../test-support/program.ts";
import { loadModel } from "./index.ts";

const folder = await mkdtemp(join(tmpdir(), "flexivit-convert-"));
const deit = fixturePath("timm/deit/model.safetensors");
const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1)!;

describe("flexivit convert", () => {
  it("makes a fixed model of timm flexible: a certificate per patch size, and a file that needs no flags", async () => {
    const out = join(folder, "flexible.safetensors");
    const { code, out: table } = await flexivit("convert", deit, "--flexible", "--heads", "2", "--out", out);
    expect(code).toBe(0);
    // 64 px: of the divisors 8 and 4 give 64 and 256 patches, 16 only 16.
    expect(table).toMatch(/^patch +exact +DC gain .+\n +8x8 +no +0\.991 .+\n +4x4 +no +0\.971 .+\n\ntimm -> flexivit: /);
    const { info, params } = await loadModel(out);
    expect([info.imageSizePx, info.patchSizes, info.classes[9], info.vit.heads]).toEqual([64, ["16"], "class 9", 2]);
    tf.dispose([params.backbone, params.head]);
  });

  it("chooses method, interpolation and stored sizes, which the file keeps", async () => {
    const out = join(folder, "stored.safetensors");
    const flags = ["--flexible", "--method", "pi", "--interpolation", "bilinear", "--antialias", "--store-patch-size", "32", "--store-grid", "7x5"];
    const { err, out: json } = await flexivit("convert", deit, "--heads", "2", ...flags, "--patch-sizes", "48,32,16", "--out", out, "--json");
    expect(err).toMatch(/kernel stored at 32 instead of 16:\npatch .+\n32x32 +yes +1\.000 /);
    const { certificates } = JSON.parse(json) as { certificates: { to: number[]; exact: boolean }[] };
    expect(certificates.map(({ to, exact }) => [to[0], exact])).toEqual([[48, true], [32, true], [16, false]]);
    const { config, ...model } = await loadVit(out);
    const bilinear = { kernel: "bilinear", antialias: true, alignment: "half-pixel" };
    expect(config).toMatchObject({ patchSize: [32, 32], positionGrid: [7, 5], kernelResize: { method: "pi", interpolation: bilinear }, positionInterpolation: bilinear });
    tf.dispose([model.params, model.head!]);
  });

  it("turns timm into big_vision and back: the same bits but for the class token's position, which is folded in", async () => {
    const [npz, back] = [join(folder, "there.npz"), join(folder, "back.safetensors")];
    await flexivit("convert", deit, "--heads", "2", "--to", "big_vision", "--out", npz);
    const { out, err } = await flexivit("convert", npz, "--to", "timm", "--store-patch-size", "16", "--out", back);
    expect(err).not.toContain("kernel stored"); // it is stored at 16 already
    expect(out).toMatch(/^big_vision -> timm: .+\ntimm: VisionTransformer\(\*\*\{"img_size":\[64,64\],.+"no_embed_class":true,/);
    const [before, after] = [(await readSafetensors(deit)).entries, (await readSafetensors(back)).entries];
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const name of Object.keys(before).filter((each) => each !== "cls_token" && each !== "pos_embed")) {
      expect(await after[name].read()).toEqual(await before[name].read());
    }
    const [token, positions] = [await before["cls_token"].read(), await before["pos_embed"].read()] as Float32Array[];
    expectClose((await after["cls_token"].read()) as Float32Array, token.map((value, i) => value + positions[i]));
  });

  it("refuses a method without --flexible, and names what a format can't hold", async () => {
    const refused = async (...flags: string[]) => lastLine((await flexivit("convert", ...flags)).err);
    expect(await refused(deit, "--heads", "2", "--method", "area")).toBe("--method: expected --flexible beside it, got none. A method is what makes a model flexible.");
    expect(await refused(fixturePath("timm/dinov2-reg4-swiglu/model.safetensors"), "--heads", "2", "--to", "big_vision", "--out", join(folder, "none.npz"))).toMatch(
      /^saveVit\(format\): expected a model that files of big_vision can hold, got a gated MLP\./,
    );
    expect(await refused(deit, "--heads", "2", "--antialias")).toBe(
      "--antialias: expected --interpolation bilinear or bicubic beside it, got none. An origin's interpolation includes it.",
    );
  });
});

describe("flexivit predict with weights of other origins", () => {
  it("names the classes by a file of labels, one per line or as JSON", async () => {
    const [npz, lines, json] = [join(folder, "named.npz"), join(folder, "labels.txt"), join(folder, "labels.json")];
    await flexivit("convert", deit, "--heads", "2", "--to", "big_vision", "--out", npz);
    const names = Array.from({ length: 10 }, (_, index) => `thing ${index}`);
    await writeFile(lines, `${names.join("\n")}\n`);
    await writeFile(json, JSON.stringify(names));
    const predict = (...flags: string[]) => flexivit("predict", "--checkpoint", npz, fixturePath("images/coffee.jpg"), "--json", ...flags);
    const classes = async (...flags: string[]) => JSON.parse((await predict(...flags)).out)[0].classes.map(({ name }: { name: string }) => name);
    const plain = await classes("--patch-size", "16,8");
    expect(plain).toEqual([expect.stringMatching(/^class \d$/), expect.any(String), expect.any(String)]);
    expect(await classes("--labels", lines)).toEqual(plain.map((name: string) => name.replace("class", "thing")));
    expect(await classes("--labels", json)).toEqual(await classes("--labels", lines));
    await writeFile(lines, "one\ntwo");
    expect(lastLine((await predict("--labels", lines)).err)).toBe(
      "loadModel(labels): expected 10 names, one per class, got 2. Give one per line, in the order of the logits.",
    );
    await writeFile(json, '["one", ');
    expect(lastLine((await predict("--labels", json)).err)).toBe(`labels(file): expected a JSON array of texts, got something else in ${json}. Write one name per class.`);
    expect(lastLine((await predict("--labels", "nowhere")).err)).toBe("labels(file): expected a readable file, got ENOENT for nowhere. Check the path.");
  });
});

describe("flexivit evaluate with weights of another origin", () => {
  it("on folders that a file of labels names gives the accuracy of what predict says", async () => {
    const [npz, labels, pictures] = [join(folder, "evaluated.npz"), join(folder, "folders.json"), await pictureFolder(2)];
    await flexivit("convert", deit, "--heads", "2", "--to", "big_vision", "--out", npz);
    const files = ["blue", "green", "red"].flatMap((colour) => [`${colour}/00.png`, `${colour}/01.png`]);
    const best = async (...flags: string[]): Promise<string[]> => {
      const { out } = await flexivit("predict", ...files.map((file) => join(pictures, file)), "--checkpoint", npz, "--top", "1", "--json", ...flags);
      return (JSON.parse(out) as { classes: { name: string }[] }[]).map(({ classes }) => classes[0].name);
    };
    const names = Array.from({ length: 10 }, (_, index) => `class ${index}`);
    const [blue] = await best(); // so that one picture is right at least
    const others = names.filter((name) => name !== blue).slice(0, 2);
    await writeFile(labels, JSON.stringify(names.map((name) => ({ [blue]: "blue", [others[0]]: "green", [others[1]]: "red" })[name] ?? name)));
    const said = await best("--labels", labels);
    const right = files.filter((file, index) => file.startsWith(`${said[index]}/`)).length;
    const { out } = await flexivit("evaluate", "--checkpoint", npz, "--labels", labels, "--data", pictures, "--all", "--json");
    expect(JSON.parse(out)).toMatchObject([{ patchSize: "16", pictures: 6, accuracy: right / 6 }]);
    expect(right).toBeGreaterThan(0);
  });
});

describe("flexivit resize", () => {
  type Pair = { key: string; kernel: string; to: [number, number]; arrays: string[]; max_abs_err_vs_float64: Record<string, number> };
  const resize = async (kernel: { shape: readonly number[]; data: Float32Array }, ...flags: string[]) => {
    const [file, out] = [join(folder, "k.npz"), join(folder, "r.npz")];
    await writeNpz(file, { kernel: { dtype: "float32", ...kernel } });
    const { code, err } = await flexivit("resize", "--kernel", file, "--out", out, ...flags);
    expect([code, err]).toEqual([0, ""]);
    const { shape, read } = (await readNpz(out)).entries["kernel"];
    return { shape, data: (await read()) as Float32Array };
  };

  it.each([
    ["bv_bilinear", []],
    ["timm_bilinear_aa", ["--antialias"]],
    ["timm_bicubic_aa", ["--interpolation", "bicubic", "--antialias"]],
    ["timm_bicubic", ["--method", "pi", "--interpolation", "bicubic"]],
    ["vanilla_bilinear", ["--method", "bilinear"]],
    ["norm_bilinear", ["--method", "norm"]],
    ["area_bilinear", ["--method", "area"]],
  ])("gives the kernels of %s at every pair of sizes of the fixtures", async (reference, flags) => {
    const arrays = (await readFixture("pi-resize.npz")) as Record<string, { shape: readonly number[]; data: Float32Array }>;
    const { pairs } = await readFixture<{ pairs: Pair[] }>("pi-resize.json");
    const compared = pairs.filter((pair) => pair.arrays.includes(reference));
    expect(compared.length).toBeGreaterThan(2);
    for (const { key, kernel, to, max_abs_err_vs_float64: noise } of compared) {
      // What the fixtures suggest: ten times the reference's own noise, or 1e-5 of the largest entry.
      expectClose(await resize(arrays[kernel], "--to", to.join("x"), ...flags), arrays[`${key}/${reference}`], { absolute: 10 * (noise[reference] ?? 0), relative: 1e-5 });
    }
  });

  it("is what the package does, bit for bit", async () => {
    const arrays = await readFixture("pi-resize.npz");
    const kernel = arrays["kernel/32x32"] as { shape: readonly number[]; data: Float32Array };
    const resized = tf.tidy(() => resizePatchKernel(fixtureTensor(arrays["kernel/32x32"]), [12, 10]));
    expectClose(await resize(kernel, "--to", "12x10"), resized);
    resized.dispose();
  });

  it("refuses a file without a kernel", async () => {
    const file = join(folder, "other.npz");
    await writeNpz(file, { kernel: { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) } });
    const { code, err } = await flexivit("resize", "--kernel", file, "--to", "12", "--out", join(folder, "none.npz"));
    expect([code, lastLine(err)]).toEqual([
      1,
      `resize(kernel): expected an array "kernel" of float32 [patchHeight, patchWidth, channels, dim], got float32 [2] in ${file}. Save it with numpy.savez(file, kernel=w).`,
    ]);
    expect((await flexivit("resize", "--kernel", file, "--to", "12x", "--out", "x.npz")).code).toBe(2);
  });
});
