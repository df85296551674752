import { loadVit, readNpz, writeNpz, type Entry, type LazyEntry, type VitModel } from "@flexivit/checkpoint";
import { useEngine } from "@flexivit/engine";
import { disposeTree } from "@flexivit/params";
import { formatScheme, gridOf, patchScheme, type PatchScheme, type Remainder, type Size } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { Command, Option } from "commander";
import { vitOutputs } from "../vit-outputs.ts";
import { threadsOption, wholeNumber } from "./options.ts";
import { printResult, remark } from "./print.ts";
import { addTraitFlags, size, traitsOf, type TraitFlags } from "./trait-flags.ts";
import { requireWritableFile } from "./writable.ts";

type ForwardFlags = TraitFlags & {
  checkpoint: string;
  images: string;
  out: string;
  patchSize?: Size;
  stride?: Size;
  remainder?: Remainder;
  batchSize: number;
  threads?: number;
  json?: boolean;
};

/** `flexivit forward`: numbers in, numbers out, for comparing with any other framework. */
export function forwardCommand(): Command {
  const command = new Command("forward")
    .requiredOption("--checkpoint <file>", "the weights; the architecture is read from their names and shapes")
    .requiredOption("--images <file>", ".npz with `images`, float32 [batch, height, width, channels], taken as they are")
    .requiredOption("--out <file>", ".npz that `tokens`, `pooled` and `logits` are written to")
    .option("--patch-size <size>", "patch size, such as 12 or 12x10, height x width (default: that of the stored kernel)", size)
    .option("--stride <size>", "stride, such as 6 or 6x5 (default: the patch size)", size)
    .addOption(
      new Option("--remainder <how>", "pixels that whole patches leave over: refused, or cropped at the bottom and right (default: crop for files of big_vision, else error)").choices(["error", "crop"]),
    )
    .option("--batch-size <n>", "images at once", wholeNumber(1), 32);
  return addTraitFlags(command)
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(forward);
}

const examples = `
Examples:
  flexivit forward --checkpoint vit.npz --images x.npz --patch-size 12 --out y.npz
  flexivit forward --checkpoint vit.safetensors --heads 6 --images x.npz --patch-size 12x10 --stride 6x5 --out y.npz`;

async function forward(flags: ForwardFlags): Promise<void> {
  await requireWritableFile(flags.out, "forward(--out)");
  const images = await imagesOf(flags.images);
  await useEngine({ threads: flags.threads });
  const model = await loadVit(flags.checkpoint, traitsOf(flags));
  const { format, config, unused } = model;
  if (unused.length > 0) remark(`left out: ${unused.join(", ")}`);
  const scheme = patchScheme(flags.patchSize ?? config.patchSize, flags.stride);
  const remainder = flags.remainder ?? (format === "big_vision" ? "crop" : "error");
  const [, height, width] = images.shape;
  const { gridHeight, gridWidth } = gridOf(scheme, [height, width], remainder); // refused before anything is computed
  const outputs = await outputsOf(model, images, { scheme, remainder, batchSize: flags.batchSize });
  disposeTree(model.params, model.head);
  await writeNpz(flags.out, outputs);
  const shapes = Object.fromEntries(Object.entries(outputs).map(([name, { shape }]) => [name, shape]));
  const result = { out: flags.out, format, patchSize: formatScheme(scheme), grid: [gridHeight, gridWidth], outputs: shapes, config };
  printResult(flags.json, result, () => {
    const lines = Object.entries(shapes).map(([name, shape]) => `${name.padEnd(7)} [${shape.join(", ")}]`);
    return [`${format}, patches of ${result.patchSize}, grid of ${gridHeight}x${gridWidth}`, ...lines, `written to ${flags.out}`].join("\n");
  });
}

type Images = { data: Float32Array; shape: readonly [number, number, number, number] };

async function imagesOf(file: string): Promise<Images> {
  const entry = (await readNpz(file)).entries["images"] as LazyEntry | undefined;
  if (entry?.dtype !== "float32" || entry.shape.length !== 4 || entry.shape.includes(0)) {
    const got = entry ? `${entry.dtype} [${entry.shape.join(", ")}]` : "none";
    throw new Error(`forward(images): expected an array "images" of float32 [batch, height, width, channels], got ${got} in ${file}. Save it with numpy.savez(file, images=x).`);
  }
  return { data: (await entry.read()) as Float32Array, shape: entry.shape as unknown as Images["shape"] };
}

/** The outputs of all images, a batch at a time. */
async function outputsOf(
  model: VitModel,
  { data, shape: [count, ...imageShape] }: Images,
  { scheme, remainder, batchSize }: { scheme: PatchScheme; remainder: Remainder; batchSize: number },
): Promise<Record<string, Entry>> {
  const pixels = data.length / count;
  const gathered: Record<string, { shape: number[]; data: Float32Array }> = {};
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    const part = tf.tensor4d(data.subarray(start * pixels, (start + size) * pixels), [size, ...imageShape]);
    const outputs = vitOutputs(model, part, { scheme, remainder });
    for (const [name, tensor] of Object.entries(outputs) as [string, tf.Tensor][]) {
      const [, ...shape] = tensor.shape;
      const whole = (gathered[name] ??= { shape: [count, ...shape], data: new Float32Array((tensor.size / size) * count) });
      whole.data.set(await tensor.data(), (tensor.size / size) * start);
    }
    tf.dispose([part, Object.values(outputs)]);
  }
  return Object.fromEntries(Object.entries(gathered).map(([name, { shape, data: values }]) => [name, { dtype: "float32", shape, data: values }]));
}
