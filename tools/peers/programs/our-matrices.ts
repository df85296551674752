// Milliseconds that we take for a 32 x 32 kernel's resizes to the sizes given as JSON, matrices from scratch. Prints JSON.
import { useEngine } from "@flexivit/engine";
import { resizePatchKernel } from "@flexivit/pi-resize";
import * as tf from "@tensorflow/tfjs-core";

const sizes = JSON.parse(process.argv[2] ?? "") as number[];
await useEngine();
const kernel = tf.randomNormal<tf.Rank.R4>([32, 32, 3, 8]);
const started = performance.now();
for (const size of sizes) resizePatchKernel(kernel, size).dataSync();
console.log(JSON.stringify({ milliseconds: performance.now() - started }));
