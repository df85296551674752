/** A student that starts as a copy of its teacher, which knows patch size 6 only, learns to agree with it at four patch sizes, without a label. */
import { classify, initClassifier, type ClassifierParams } from "@flexivit/classify";
import { agreement, distillationLoss } from "@flexivit/distill";
import { useEngine } from "@flexivit/engine";
import { adamw, applyUpdates, type Trained } from "@flexivit/optim";
import { mapLeaves, valueAndGradients } from "@flexivit/params";
import { drawScheme, patchScheme, uniform, type PatchScheme } from "@flexivit/patch-schemes";
import { initVit, vit, vitConfig, type VitParams } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

type Params = { backbone: VitParams; head: ClassifierParams };

await useEngine();
const config = vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { patchSize: [6, 6], positionGrid: [4, 4] });
const logitsOf = ({ backbone, head }: Params, images: tf.Tensor4D, scheme: PatchScheme): tf.Tensor2D =>
  tf.tidy(() => classify(head, vit(backbone, config, images, { scheme })));

/** Pictures of 24 px: 4x4 fields of random colours in a little noise. */
const pictures = (batch: number, seed: number): tf.Tensor4D =>
  tf.tidy(() => {
    const fields = tf.tile(tf.randomUniform([batch, 4, 1, 4, 1, 3], -1, 1, "float32", seed), [1, 1, 6, 1, 6, 1]);
    return tf.add(tf.reshape(fields, [batch, 24, 24, 3]), tf.randomNormal([batch, 24, 24, 3], 0, 0.1, "float32", seed + 1));
  });

const teacher: Params = { backbone: initVit(config, 1), head: initClassifier({ dim: 32, classes: 5, kernelStd: 1 }, 1) };
const sizes = [12, 8, 6, 4];
const distribution = uniform(sizes);
const optimizer = adamw({ learningRate: 5e-4 });
let student: Trained<Params> = { params: mapLeaves(teacher, (leaf) => tf.clone(leaf)), slots: {} };

await report("before");
for (let step = 0; step < 400; step++) {
  const scheme = drawScheme(distribution, 0, step);
  const images = pictures(32, 10 * step);
  const target = logitsOf(teacher, images, patchScheme(6));
  const { value, gradients } = valueAndGradients((params: Params) => distillationLoss(logitsOf(params, images, scheme), target), student.params);
  student = applyUpdates(optimizer, student, gradients, { count: step, schedule: 1 });
  tf.dispose([value, target, images]);
}
await report("after");

async function report(when: string): Promise<void> {
  const images = pictures(200, 1_000_000);
  const target = logitsOf(teacher, images, patchScheme(6));
  const shares = [];
  for (const size of sizes) shares.push(`${size}: ${(100 * (await agreement(logitsOf(student.params, images, patchScheme(size)), target))).toFixed(0)} %`);
  console.log(`${when}, agreement with the teacher at patch size  ${shares.join("  ")}`);
}
