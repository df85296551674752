/** A head learns which of three colours prevails, on a "backbone" of one line: anything that pools a picture to a vector will do. */
import { classificationLoss, classify, countCorrect, initClassifier, labelTargets, topClasses, type ClassifierParams } from "@flexivit/classify";
import { useEngine } from "@flexivit/engine";
import { valueAndGradients, zipLeaves } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const colours = ["red", "green", "blue"];
const labels = Array.from({ length: 60 }, (_, index) => index % 3);
const targets = labelTargets(labels, 3, { share: 0.1 });
const noise = tf.randomUniform([60, 8, 8, 3], -1, 1, "float32", 1);
const images = tf.clipByValue(tf.add(noise, tf.reshape(labelTargets(labels, 3), [60, 1, 1, 3])), -1, 1); // in [-1, 1]

const pooled = tf.mean(images, [1, 2]) as tf.Tensor2D; // [batch, dim]
let head = initClassifier({ dim: 3, classes: 3 }, 1);
for (let step = 0; step <= 100; step++) {
  const { value, gradients } = valueAndGradients((params: ClassifierParams) => classificationLoss(classify(params, { pooled }), targets), head);
  if (step % 25 === 0) {
    const logits = classify(head, { pooled });
    console.log(`step ${step}: loss ${value.dataSync()[0].toFixed(3)}, ${await countCorrect(logits, labels)} of 60 right`);
    logits.dispose();
  }
  const moved = zipLeaves([head, gradients], ([weight, gradient]) => tf.tidy(() => tf.sub(weight, tf.mul(gradient, 2))));
  tf.dispose([value, gradients, head]);
  head = moved;
}
const [best] = await topClasses(classify(head, { pooled: tf.slice(pooled, [2, 0], [1, 3]) }), 2);
console.log(best.map(({ class: index, probability }) => `${colours[index]} ${(100 * probability).toFixed(0)} %`).join(", "));
