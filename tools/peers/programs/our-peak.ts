// Billions of floating-point operations per second of a product of matrices, the best of some. Prints JSON.
// our-peak.ts <threads>
import { useEngine } from "@flexivit/engine";
import * as tf from "@tensorflow/tfjs-core";

const [rows, inner, columns] = [1800, 384, 1536]; // a hidden layer of ViT-S/16, batch 8
await useEngine({ threads: Number(process.argv[2] ?? 2) });
const [a, b] = [tf.randomNormal<tf.Rank.R2>([rows, inner]), tf.randomNormal<tf.Rank.R2>([inner, columns])];
let seconds = Infinity;
for (let repeat = 0; repeat < 40; repeat++) {
  const started = performance.now();
  const product = tf.matMul(a, b);
  seconds = Math.min(seconds, (performance.now() - started) / 1000);
  product.dispose();
}
console.log(JSON.stringify({ gigaflopsPerSecond: (2 * rows * inner * columns) / seconds / 1e9 }));
