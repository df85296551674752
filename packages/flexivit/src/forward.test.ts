import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNpz, writeNpz } from "@flexivit/checkpoint";
import { expectClose, fixturePath, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";

const folder = await mkdtemp(join(tmpdir(), "flexivit-forward-"));

type Arrays = Awaited<ReturnType<typeof readFixture>> & Record<string, { shape: readonly number[]; data: Float32Array }>;
type BigVisionCase = { key: string; image: string; patch: [number, number] };
type TimmCase = { key: string; input: string; patch: [number, number] };

/** Runs `flexivit forward` on a fixture's images and gives the arrays that it wrote. */
async function forward(checkpoint: string, image: { shape: readonly number[]; data: Float32Array }, patch: readonly number[], ...flags: string[]): Promise<Arrays> {
  const [images, out] = [join(folder, "x.npz"), join(folder, "y.npz")];
  await writeNpz(images, { images: { dtype: "float32", ...image } });
  const { code, err } = await flexivit("forward", "--checkpoint", fixturePath(checkpoint), "--images", images, "--patch-size", patch.join("x"), "--out", out, ...flags);
  expect([code, err]).toEqual([0, expect.any(String)]);
  const { entries } = await readNpz(out);
  const arrays = await Promise.all(Object.entries(entries).map(async ([name, { shape, read }]) => [name, { shape, data: await read() }]));
  return Object.fromEntries(arrays);
}

// float32 noise of the references: 1.7e-5 on tokens, 6.6e-6 on the rest (big_vision), 9.2e-6 and 5.7e-6 (timm).
const [tokenTolerance, outputTolerance] = [{ absolute: 1e-4 }, { absolute: 5e-5 }];

describe("flexivit forward gives the numbers of big_vision, from its own weight files", () => {
  it.each([
    ["gap-p32", 9],
    ["gap-p8", 10],
    ["map-p8", 7],
    ["tok-p8", 7],
  ])("%s at all %i sizes of patches and images: tokens within 1e-4, pooled and logits within 5e-5", async (name, count) => {
    const { cases } = await readFixture<{ cases: BigVisionCase[] }>(`big-vision-flexi/${name}/config.json`);
    const [images, outputs] = (await Promise.all([readFixture("big-vision-flexi/images.npz"), readFixture(`big-vision-flexi/${name}/cases.npz`)])) as Arrays[];
    expect(cases).toHaveLength(count);
    for (const { key, image, patch } of cases) {
      const { tokens, pooled, logits } = await forward(`big-vision-flexi/${name}/params.npz`, images[image], patch);
      expectClose(tokens, outputs[`${key}/encoded`], tokenTolerance);
      expectClose(pooled, outputs[`${key}/pre_logits`], outputTolerance);
      expectClose(logits, outputs[`${key}/logits`], outputTolerance);
    }
  });
});

describe("flexivit forward gives the numbers of timm, from its own weight files", () => {
  it.each([
    ["avg-fcnorm", 7],
    ["cls-noembed", 7],
    ["deit", 7],
    ["dinov2-reg4-swiglu", 5],
    ["map", 7],
  ])("%s at its native size and resized, %i cases: tokens, pooled and logits within 1e-4", async (name, count) => {
    const { cases } = await readFixture<{ cases: TimmCase[] }>(`timm/${name}/config.json`);
    const [inputs, outputs] = (await Promise.all([readFixture("timm/inputs.npz"), readFixture(`timm/${name}/outputs.npz`)])) as Arrays[];
    expect(cases).toHaveLength(count);
    for (const { key, input, patch } of cases) {
      const { tokens, pooled, logits } = await forward(`timm/${name}/model.safetensors`, inputs[`nhwc/${input}`], patch, "--heads", "2");
      expectClose(tokens, outputs[`${key}/features`], tokenTolerance);
      expectClose(pooled, outputs[`${key}/pre_logits`], tokenTolerance);
      expectClose(logits, outputs[`${key}/logits`], tokenTolerance);
    }
  });
});
