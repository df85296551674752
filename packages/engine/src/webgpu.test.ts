/** Runs in the Vitest project `webgpu` only. */
import * as tf from "@tensorflow/tfjs-core";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommand } from "./run-command.ts";
import { useEngine } from "./use-engine.ts";
import type { GpuBuffer, WebgpuBackend } from "./webgpu-read.ts";

/** Numbers without a pattern between -1 and 1, computed on the device. */
const numbers = (shape: [number, number], seed: number) =>
  tf.tidy(() => tf.sin(tf.mul(tf.square(tf.reshape(tf.range(seed, seed + shape[0] * shape[1]), shape)), 1.7)));

test("the engine is the one asked for and says on which driver it runs", async () => {
  const engine = await useEngine();
  expect(engine).toMatchObject({ name: "webgpu", backend: "webgpu", version: "4.22.0", threads: 1, kernels: "composed" });
  expect(engine.why).toMatch(engine.device === "cpu" ? /^asked for; on .+, a driver in software: right, and slow$/ : /^asked for; on /);
});

test("the product of [5, 70] and [70, 9] agrees with sums in float64", () => {
  const [a, b] = [numbers([5, 70], 1), numbers([70, 9], 400)];
  const product = tf.matMul(a, b);
  const [left, right] = [a.dataSync(), b.dataSync()];
  product.dataSync().forEach((value, index) => {
    const [row, column] = [Math.floor(index / 9), index % 9];
    let sum = 0;
    for (let k = 0; k < 70; k++) sum += left[row * 70 + k]! * right[k * 9 + column]!;
    expect(Math.abs(value - sum)).toBeLessThan(1e-5); // 70 float32 products of numbers below 1
  });
  tf.dispose([a, b, product]);
});

test("the same numbers come at once and later, also at once while a later read is under way", async () => {
  const [x, y] = [numbers([30, 50], 7), numbers([4, 9], 3)];
  const later = x.data();
  expect([...y.dataSync()]).toEqual([...(await y.data())]);
  const expected = Float32Array.from({ length: 36 }, (_, index) => Math.sin(1.7 * (index + 3) ** 2));
  y.dataSync().forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(2e-3)); // arguments up to 2,500 in float32
  expect([...x.dataSync()]).toEqual([...(await later)]);
  tf.dispose([x, y]);
});

test("integers and truth values are read as what they are", () => {
  const x = tf.tensor1d([1, -2, 3], "int32");
  const [twice, negative] = [tf.mul(x, tf.scalar(2, "int32")), tf.less(x, 0)];
  expect([twice.dataSync(), negative.dataSync()]).toEqual([Int32Array.of(2, -4, 6), Uint8Array.of(0, 1, 0)]);
  tf.dispose([x, twice, negative]);
});

test("23 tensors of powers of two add up to 2^23 - 1, more than a shader may read at a time", () => {
  const powers = Array.from({ length: 23 }, (_, exponent) => tf.fill([3, 5], 2 ** exponent));
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  const sum = tf.addN(powers);
  expect([...sum.dataSync()]).toEqual(Array<number>(15).fill(2 ** 23 - 1));
  sum.dispose();
  expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
  tf.dispose(powers);
});

test("100 reads leave no buffer behind, and each gives up its own", () => {
  const { device } = tf.backend() as unknown as WebgpuBackend;
  const { createBuffer } = device;
  const made: GpuBuffer[] = [];
  device.createBuffer = (settings) => {
    made.push(createBuffer.call(device, settings));
    return made.at(-1)!;
  };
  const read = () => {
    const y = numbers([8, 11], 1);
    y.dataSync();
    y.dispose();
  };
  const held = () => [tf.backend().numDataIds(), (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU];
  read();
  const before = held();
  for (let repeat = 0; repeat < 100; repeat++) read();
  device.createBuffer = createBuffer;
  expect(held()).toEqual(before);
  expect(made.length).toBeGreaterThanOrEqual(101);
  expect(made.filter(({ mapState }) => mapState !== "unmapped")).toEqual([]); // A buffer that was destroyed is no longer mapped.
});

/** What a program prints in a process of its own, which must end by itself. */
function inFreshProcess(lines: string, env: Record<string, string> = {}): Promise<string> {
  const entry = join(dirname(fileURLToPath(import.meta.url)), "index.ts");
  const program = `import * as tf from "@tensorflow/tfjs-core";
    import { useEngine } from ${JSON.stringify(entry)};
    const engine = await useEngine({ prefer: "webgpu" }).catch((error) => console.log(error.message));
    if (!engine) process.exit();
    ${lines}`;
  return runCommand(process.execPath, ["--input-type=module", "-e", program], { timeoutMs: 100_000, env });
}

test("a process ends by itself after reads of both kinds", async () => {
  const lines = "const x = tf.neg(tf.ones([2000])); console.log(x.dataSync()[7], (await tf.neg(x).data())[1999]);";
  expect(await inFreshProcess(lines)).toBe("-1 1\n");
});

test("what the device refuses throws at once, and so does all that follows, instead of giving zeros", async () => {
  const lines = `const x = tf.ones([3]);
    const attempt = (work) => { try { console.log(work()); } catch (error) { console.log(error.message); } };
    attempt(() => tf.fill([2_000_000_000], 1).shape);
    attempt(() => tf.neg(x).dataSync());`;
  const [first, second] = (await inFreshProcess(lines)).split("\n");
  expect(first).toMatch(/^the WebGPU device refused an operation: Buffer size \(8000000000\) exceeds .*\. Use smaller tensors or another engine, in a new process\.$/);
  expect(second).toBe(first);
});

test("where no driver answers, that is the reason", async () => {
  const reason = "no graphics driver answers. Install a Vulkan driver of version 1.1 or newer";
  const printed = await inFreshProcess("console.log(engine.name)", { VK_DRIVER_FILES: "/none.json" });
  expect(printed).toBe(`useEngine(prefer): expected an engine that starts here, got "webgpu": ${reason}\n`);
});
