import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadVit, readNpz, writeNpz, type LazyEntry, type VitModel } from "@flexivit/checkpoint";
import { leaves, valueAndGradients } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { fixturePath, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { vitOutputs } from "flexivit";
import { largestDifference, largestOf, type Comparison } from "./comparison.ts";

const cases = [
  ["48x48_seqhw4", "48x48", 12],
  ["48x48_seqhw8", "48x48", 6],
] as const;

/** Gradients of mean(logits^2) by every weight of a model of big_vision, trained through the resizes. */
export async function gradientComparisons(): Promise<Comparison[]> {
  const images = await readFixture("big-vision-flexi/images.npz");
  const { config, params, head } = await loadVit(fixturePath("big-vision-flexi/gap-p8/params.npz"));
  const loss = (weights: Pick<VitModel, "params" | "head">, image: string, patch: number): tf.Scalar => {
    const { logits } = vitOutputs({ ...weights, config }, fixtureTensor(images[image]), { scheme: patchScheme(patch) });
    return tf.mean<tf.Scalar>(tf.square(logits!));
  };
  const comparisons: Comparison[] = [];
  for (const [key, image, patch] of cases) {
    const { gradients } = valueAndGradients((weights: { params: VitModel["params"]; head: VitModel["head"] }) => loss(weights, image, patch), { params, head });
    const reference = await recordedGradients(key);
    const expected = new Map(leaves({ params: reference.params, head: reference.head }).map(({ path, tensor }) => [path, tensor]));
    for (const { path, tensor } of leaves(gradients)) comparisons.push(compare(`${image}, patch ${patch}, ${path}`, path, tensor, expected.get(path)!));
  }
  return comparisons;
}

function compare(name: string, path: string, gradient: tf.Tensor, expected: tf.Tensor): Comparison {
  // The softmax does not see a shift that all keys share: that gradient is zero but for rounding.
  const allowed = path.endsWith("attention/key/bias") ? 1e-6 : 1e-4 * largestOf(expected);
  return { area: "Gradients of a model", name, reference: "JAX", difference: largestDifference(gradient, expected), allowed };
}

/** Gradients have the names and layouts of the weights, so they are read as weights. */
async function recordedGradients(key: string): Promise<VitModel> {
  const folder = await mkdtemp(join(tmpdir(), "parity-"));
  try {
    const { entries } = await readNpz(fixturePath("big-vision-flexi/gap-p8/grads.npz"));
    const ofCase = Object.entries(entries).flatMap(([name, entry]): [string, LazyEntry][] => {
      const short = name.slice(key.length + 1);
      return name.startsWith(`${key}/`) && short !== "loss" ? [[short, entry]] : [];
    });
    const file = join(folder, "gradients.npz");
    await writeNpz(file, Object.fromEntries(ofCase));
    return await loadVit(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
