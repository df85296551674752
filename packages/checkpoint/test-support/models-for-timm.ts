/** Models made here that timm runs: `node models-for-timm.ts FOLDER` writes them for packages/testing/fixtures/checkpoint/make_models.py. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { saveVit, timmArguments, type VitModel } from "@flexivit/checkpoint";
import { initClassifier } from "@flexivit/classify";
import { useEngine } from "@flexivit/engine";
import { mapLeaves } from "@flexivit/params";
import { initVit, vitConfig, type VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

const size = { dim: 12, depth: 2, hiddenDim: 20, heads: 3 };
const shape = { patchSize: [8, 6], positionGrid: [3, 5] } as const;

/** What a flexible model of ours is unless told otherwise, and one with everything that timm has a place for. */
export const configsForTimm: Readonly<Record<string, VitConfig>> = {
  "own-gap": vitConfig(size, shape),
  "own-registers": vitConfig(size, {
    ...shape,
    pooling: "tok",
    classToken: { value: "learned", at: "first", position: true },
    registers: 2,
    layerScale: 0.5,
    mlp: "swiglu",
  }),
  "own-map": vitConfig(size, { ...shape, pooling: "map", activation: "erf" }),
};

export const classesForTimm = 7;

/** Weights far from their first values, as a training leaves them. The caller disposes them. */
export function modelForTimm(name: string): VitModel {
  const config = configsForTimm[name];
  const first = { params: initVit(config, 3), head: initClassifier({ dim: config.dim, classes: classesForTimm, kernelStd: 0.3 }, 3) };
  let seed = 5;
  const trained = mapLeaves(first, (tensor) => tf.tidy(() => tf.add(tensor, tf.randomNormal(tensor.shape, 0, 0.1, "float32", seed++))));
  tf.dispose(first);
  return { ...trained, config };
}

if (import.meta.main) {
  await useEngine({ prefer: "cpu" });
  for (const [name, config] of Object.entries(configsForTimm)) {
    const model = modelForTimm(name);
    await saveVit(join(process.argv[2], `${name}.safetensors`), model, "timm");
    await writeFile(join(process.argv[2], `${name}.json`), `${JSON.stringify(timmArguments(config, classesForTimm), null, 1)}\n`);
    tf.dispose([model.params, model.head!]);
  }
}
