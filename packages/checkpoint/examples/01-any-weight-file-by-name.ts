/** A weight file is names and shapes first, values when asked; and one format turns into the other entry by entry. */
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNpz, readSafetensors, toTensor, writeNpz, writeSafetensors } from "@flexivit/checkpoint";
import { useEngine } from "@flexivit/engine";

await useEngine();
const folder = await mkdtemp(join(tmpdir(), "weights-"));
const [half, npz, back] = ["half.safetensors", "weights.npz", "back.safetensors"].map((name) => join(folder, name));

await writeSafetensors(half, {
  "head/kernel": { dtype: "bfloat16", shape: [3, 5], data: Float32Array.from({ length: 15 }, (_, i) => i / 7) },
  "head/bias": { dtype: "float32", shape: [5], data: new Float32Array(5) },
  labels: { dtype: "int64", shape: [2], data: BigInt64Array.from([7n, -7n]) },
});
const { entries } = await readSafetensors(half);
for (const [name, { dtype, shape }] of Object.entries(entries)) console.log(`${name}: ${dtype} [${shape.join(", ")}]`);

const kernel = toTensor({ ...entries["head/kernel"], data: await entries["head/kernel"].read() });
kernel.print();
kernel.dispose();

await writeNpz(npz, entries, { compress: true });
await writeSafetensors(back, (await readNpz(npz)).entries);
console.log(`there and back: ${(await stat(half)).size} and ${(await stat(back)).size} bytes`);
