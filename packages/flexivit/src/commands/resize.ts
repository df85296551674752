import { readNpz, toTensor, writeNpz, type LazyEntry } from "@flexivit/checkpoint";
import { useEngine } from "@flexivit/engine";
import { resizePatchKernel, type KernelResize } from "@flexivit/pi-resize";
import type { Size } from "@flexivit/patch-schemes";
import type * as tf from "@tensorflow/tfjs-core";
import { Command, Option } from "commander";
import { certificatesOf } from "./certificates.ts";
import { threadsOption } from "./options.ts";
import { printResult } from "./print.ts";
import { interpolationOf, size } from "./trait-flags.ts";
import { requireWritableFile } from "./writable.ts";

type ResizeFlags = {
  kernel: string;
  to: Size;
  method: KernelResize["method"];
  interpolation: string;
  antialias?: boolean;
  out: string;
  threads?: number;
  json?: boolean;
};

/** `flexivit resize`: a patch kernel at another patch size. */
export function resizeCommand(): Command {
  return new Command("resize")
    .requiredOption("--kernel <file>", ".npz with `kernel`, float32 [patchHeight, patchWidth, channels, dim]")
    .requiredOption("--to <size>", "patch size wanted, such as 12 or 12x10 (height x width)", size)
    .addOption(new Option("--method <how>", "PI-resize, or a rival of it").choices(["pi", "bilinear", "norm", "area"]).default("pi"))
    .addOption(new Option("--interpolation <how>", "the resize of patches that pi inverts, or of the kernel itself").choices(["bilinear", "bicubic"]).default("bilinear"))
    .option("--antialias", "antialias where a side shrinks")
    .requiredOption("--out <file>", ".npz that the resized `kernel` is written to")
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  flexivit resize --kernel k.npz --to 12x10 --method pi --out r.npz")
    .action(resize);
}

async function resize(flags: ResizeFlags): Promise<void> {
  await requireWritableFile(flags.out, "resize(--out)");
  const entry = (await readNpz(flags.kernel)).entries["kernel"] as LazyEntry | undefined;
  if (entry?.dtype !== "float32" || entry.shape.length !== 4) {
    const got = entry ? `${entry.dtype} [${entry.shape.join(", ")}]` : "none";
    throw new Error(`resize(kernel): expected an array "kernel" of float32 [patchHeight, patchWidth, channels, dim], got ${got} in ${flags.kernel}. Save it with numpy.savez(file, kernel=w).`);
  }
  await useEngine({ threads: flags.threads });
  const { method } = flags;
  const options: KernelResize = { method, interpolation: interpolationOf(flags)!.patchKernel };
  const kernel = toTensor({ dtype: entry.dtype, shape: entry.shape, data: await entry.read() }) as tf.Tensor4D;
  const resized = resizePatchKernel(kernel, flags.to, options);
  const data = (await resized.data()) as Float32Array;
  const { shape } = resized;
  kernel.dispose();
  resized.dispose();
  await writeNpz(flags.out, { kernel: { dtype: "float32", shape, data } });
  const { certificates, rows } = certificatesOf([entry.shape[0], entry.shape[1]], [flags.to], options);
  printResult(flags.json, { out: flags.out, shape, method, certificate: certificates[0] }, () =>
    [`kernel [${shape.join(", ")}] by ${method}${method === "norm" ? " (certificate of bilinear)" : ""}`, ...rows, `written to ${flags.out}`].join("\n"),
  );
}
