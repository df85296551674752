/** Starts the fastest engine of this machine, says why it is that one, and multiplies two matrices on it. */
import { describeEngines, formatEngines, memoryUse, useEngine } from "@flexivit/engine";
import * as tf from "@tensorflow/tfjs-core";

console.log(formatEngines(await describeEngines()));

const engine = await useEngine();
console.log(`${engine.name} ${engine.version}, ${engine.threads} threads, ${engine.kernels} kernels: ${engine.why}`);

const [rows, inner, columns] = [512, 384, 1536];
const left = tf.randomUniform<tf.Rank.R2>([rows, inner]);
const right = tf.randomUniform<tf.Rank.R2>([inner, columns]);
tf.matMul(left, right).dataSync();
const started = performance.now();
tf.matMul(left, right).dataSync();
const seconds = (performance.now() - started) / 1000;
console.log(`[${rows}, ${inner}] x [${inner}, ${columns}]: ${((2 * rows * inner * columns) / seconds / 1e9).toFixed(1)} GFLOP/s`);
console.log(`highest memory so far: ${(memoryUse().peakBytes / 1e6).toFixed(0)} MB`);
