/** Milliseconds of a resize and of its gradient for the kernels of ViT-S and ViT-B: node --conditions=@flexivit/source bench/resize-patch-kernel.ts */
import { useEngine } from "@flexivit/engine";
import { resizePatchKernel } from "@flexivit/pi-resize";
import * as tf from "@tensorflow/tfjs-core";

const engine = await useEngine();
console.log(`${engine.name}, ${engine.threads} threads; best of 10`);

function milliseconds(work: () => tf.Tensor): string {
  let best = Infinity;
  for (let repeat = 0; repeat < 11; repeat++) {
    const start = performance.now();
    const y = tf.tidy(work);
    y.dataSync(); // waits for the result
    if (repeat > 0) best = Math.min(best, performance.now() - start);
    y.dispose();
  }
  return best.toFixed(2).padStart(9);
}

for (const [name, dim] of [["S", 384], ["B", 768]] as const) {
  const kernel: tf.Tensor4D = tf.randomNormal([32, 32, 3, dim]);
  for (const to of [48, 32, 24, 16, 8]) {
    const dy: tf.Tensor4D = tf.ones([to, to, 3, dim]);
    const gradient = tf.grad((shared: tf.Tensor) => resizePatchKernel(shared as tf.Tensor4D, to));
    const forward = milliseconds(() => resizePatchKernel(kernel, to));
    const both = milliseconds(() => gradient(kernel, dy));
    console.log(`ViT-${name} 32 -> ${String(to).padEnd(3)} resize ${forward} ms, with gradient ${both} ms`);
    dy.dispose();
  }
  kernel.dispose();
}
