/** One model written for big_vision, timm, Hugging Face and here: read back from each, it gives the same numbers. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadVit, saveVit, timmArguments, type VitModel } from "@flexivit/checkpoint";
import { useEngine } from "@flexivit/engine";
import { initVit, vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const folder = await mkdtemp(join(tmpdir(), "weights-"));
const config = vitConfig({ dim: 24, depth: 2, hiddenDim: 40, heads: 3 }, { pooling: "tok", patchSize: [16, 16], positionGrid: [4, 4] });
const model: VitModel = { params: initVit(config, 1), config };
const images = tf.randomUniform([2, 60, 48, 3], -1, 1) as tf.Tensor4D;

/** Pooled features at a patch size that is not the stored one. */
const pooledOf = ({ params, config }: VitModel): number[] =>
  tf.tidy(() => [...vit(params, config, images, { scheme: { patchSize: [12, 8], stride: [12, 8] } }).pooled.dataSync()]);

const expected = pooledOf(model);
for (const format of ["big_vision", "timm", "hugging_face_vit", "flexivit"] as const) {
  const file = join(folder, format === "big_vision" ? "vit.npz" : `${format}.safetensors`);
  await saveVit(file, model, format);
  const loaded = await loadVit(file);
  const difference = Math.max(...pooledOf(loaded).map((value, i) => Math.abs(value - expected[i])));
  console.log(`${format}: recognised as ${loaded.format}, largest difference ${difference}`);
  tf.dispose(loaded.params);
}
console.log(`timm.VisionTransformer(**${JSON.stringify(timmArguments(config, 0))})`);
