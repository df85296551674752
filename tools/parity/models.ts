import { loadVit, type VitModel } from "@flexivit/checkpoint";
import { patchScheme } from "@flexivit/patch-schemes";
import { fixturePath, fixtureTensor, readFixture, type NpyArray } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { vitOutputs } from "flexivit";
import { largestDifference, type Comparison } from "./comparison.ts";

type Arrays = Record<string, NpyArray>;

/** Every model of the fixtures, by what `flexivit forward` does: tokens, pooled features, logits. */
export async function modelComparisons(): Promise<Comparison[]> {
  const groups = [
    ...["gap-p32", "gap-p8", "map-p8", "tok-p8"].map(bigVisionModel),
    ...["avg-fcnorm", "cls-noembed", "deit", "dinov2-reg4-swiglu", "map"].map(timmModel),
    ...["hf-vit", "hf-dinov2", "hf-dinov2-registers"].map(huggingFaceModel),
    ...["own-gap", "own-registers", "own-map"].map(ownModel),
  ];
  return (await Promise.all(groups)).flat();
}

type Run = { area: string; name: string; reference: string; images: NpyArray; patchSize: readonly [number, number]; expected: Partial<Record<"tokens" | "pooled" | "logits", NpyArray>>; allowed: readonly [tokens: number, rest: number] };

function runModel(model: VitModel, { area, name, reference, images, patchSize, expected, allowed }: Run): Comparison[] {
  return tf.tidy(() => {
    const outputs = vitOutputs(model, fixtureTensor(images), { scheme: patchScheme(patchSize), remainder: "crop" });
    return Object.entries(expected).map(([what, array]): Comparison => {
      const difference = largestDifference(outputs[what as keyof typeof outputs]!, array);
      return { area, name: `${name}, ${what}`, reference, difference, allowed: what === "tokens" ? allowed[0] : allowed[1] };
    });
  });
}

async function bigVisionModel(model: string): Promise<Comparison[]> {
  const { cases } = await readFixture<{ cases: { key: string; image: string; patch: [number, number] }[] }>(`big-vision-flexi/${model}/config.json`);
  const [images, arrays] = await Promise.all([readFixture("big-vision-flexi/images.npz"), readFixture(`big-vision-flexi/${model}/cases.npz`)]);
  const loaded = await loadVit(fixturePath(`big-vision-flexi/${model}/params.npz`));
  return cases.flatMap(({ key, image, patch }) => {
    const expected = { tokens: arrays[`${key}/encoded`], pooled: arrays[`${key}/pre_logits`], logits: arrays[`${key}/logits`] };
    const name = `${model}, ${image}, patch ${patch.join("x")}`;
    return runModel(loaded, { area: "Models of big_vision", name, reference: "big_vision", images: images[image], patchSize: patch, expected, allowed: [1e-4, 5e-5] });
  });
}

async function timmModel(model: string): Promise<Comparison[]> {
  const { cases } = await readFixture<{ cases: { key: string; input: string; patch: [number, number] }[] }>(`timm/${model}/config.json`);
  const [inputs, arrays] = await Promise.all([readFixture("timm/inputs.npz"), readFixture(`timm/${model}/outputs.npz`)]);
  const loaded = await loadVit(fixturePath(`timm/${model}/model.safetensors`), { heads: 2 });
  return cases.flatMap(({ key, input, patch }) => {
    const expected = { tokens: arrays[`${key}/features`], pooled: arrays[`${key}/pre_logits`], logits: arrays[`${key}/logits`] };
    const name = `${model}, ${input}, patch ${patch.join("x")}`;
    return runModel(loaded, { area: "Models of timm", name, reference: "timm", images: inputs[`nhwc/${input}`], patchSize: patch, expected, allowed: [1e-4, 1e-4] });
  });
}

async function huggingFaceModel(model: string): Promise<Comparison[]> {
  const arrays: Arrays = await readFixture(`checkpoint/${model}.npz`);
  const loaded = await loadVit(fixturePath(`checkpoint/${model}.safetensors`), { heads: 3 });
  return ["20x20", "28x36"].flatMap((size) => {
    const logits = arrays[`${size}/logits`];
    const expected = { tokens: arrays[`${size}/tokens`], ...(logits && { logits }) };
    return runModel(loaded, { area: "Models of Hugging Face", name: `${model}, ${size}, patch 4x4`, reference: "transformers", images: arrays[`${size}/images`], patchSize: [4, 4], expected, allowed: [1e-4, 1e-4] });
  });
}

async function ownModel(model: string): Promise<Comparison[]> {
  const arrays: Arrays = await readFixture(`checkpoint/${model}.npz`);
  const loaded = await loadVit(fixturePath(`checkpoint/${model}.safetensors`));
  const expected = { tokens: arrays["features"], pooled: arrays["pre_logits"], logits: arrays["logits"] };
  return runModel(loaded, { area: "Models made here, run by timm", name: model, reference: "timm", images: arrays["images"], patchSize: [8, 6], expected, allowed: [1e-4, 1e-4] });
}
