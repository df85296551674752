/** Which colours are in a picture (any number of them), and how much of each: two linear heads on one backbone. */
import { classify, classificationLoss, initClassifier, multiLabelMetrics, multiLabelTargets, regressionLoss, regressionMetrics, type ClassifierParams } from "@flexivit/classify";
import { useEngine } from "@flexivit/engine";
import { initParams, normal, valueAndGradients, zeros, zipLeaves } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";

type Params = { backbone: { kernel: tf.Tensor2D; bias: tf.Tensor1D }; labels: ClassifierParams; amounts: ClassifierParams };

await useEngine();
const pictures = 64;
const labels = Array.from({ length: pictures }, (_, i) => [0, 1, 2].filter((colour) => (i >> colour) % 2 === 1)); // every subset of three
const there = multiLabelTargets(labels, 3);
const amounts = tf.mul(there, tf.randomUniform([pictures, 3], 0.3, 1, "float32", 1)) as tf.Tensor2D;
const noise = tf.randomNormal([pictures, 6, 6, 3], 0, 0.3, "float32", 2);
const means = tf.mean(tf.add(noise, tf.reshape(amounts, [pictures, 1, 1, 3])), [1, 2]) as tf.Tensor2D;

function answers({ backbone, labels, amounts }: Params): { logits: tf.Tensor2D; predictions: tf.Tensor2D } {
  const pooled = tf.relu(tf.add(tf.matMul(means, backbone.kernel), backbone.bias)) as tf.Tensor2D;
  return { logits: classify(labels, { pooled }), predictions: classify(amounts, { pooled }) };
}

let params: Params = {
  backbone: initParams<Params["backbone"]>({ kernel: normal([3, 16], 1), bias: zeros([16]) }, 3),
  labels: initClassifier({ dim: 16, classes: 3 }, 4),
  amounts: initClassifier({ dim: 16, classes: 3 }, 5),
};
for (let step = 0; step <= 300; step++) {
  const { value, gradients } = valueAndGradients((params: Params) => {
    const { logits, predictions } = answers(params);
    const [label, amount] = [classificationLoss(logits, there, "sigmoid"), regressionLoss(predictions, amounts, { objective: "huber", delta: 0.2 })];
    return { loss: tf.add<tf.Scalar>(label, amount), label, amount };
  }, params);
  if (step % 100 === 0) console.log(`step ${step}: labels ${value.label.dataSync()[0].toFixed(3)}, amounts ${value.amount.dataSync()[0].toFixed(4)}`);
  const moved = zipLeaves([params, gradients], ([weight, gradient]) => tf.tidy(() => tf.sub(weight, tf.mul(gradient, 0.1))));
  tf.dispose([value, gradients, params]);
  params = moved;
}
const { logits, predictions } = answers(params);
const { meanAveragePrecision, microF1 } = multiLabelMetrics(logits.dataSync(), there.dataSync(), { classes: 3 });
const { mae, r2 } = regressionMetrics(predictions.dataSync(), amounts.dataSync(), 3);
console.log(`mean average precision ${meanAveragePrecision.toFixed(3)}, F1 ${microF1.toFixed(3)}; amounts off by ${mae.toFixed(3)}, R2 ${r2.toFixed(3)}`);
if (!(meanAveragePrecision > 0.98 && r2 > 0.9)) process.exitCode = 1;
