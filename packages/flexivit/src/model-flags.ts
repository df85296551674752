import { parseScheme, type Size } from "@flexivit/patch-schemes";
import { flexivitKernelResize, type KernelResize, type SeparableCovariance } from "@flexivit/pi-resize";
import { vitConfig, type ClassToken, type Embedder, type VitConfig } from "@flexivit/vit";
import type { TrainFlags } from "./commands/train-flags.ts";
import { readJsonObject } from "./json-file.ts";
import { storedSizesOf } from "./commands/trait-flags.ts";
import type { TrainPlan } from "./train-plan.ts";

/** Flags that make a model; one that is read from a file is made already. */
const modelFlags = [
  "variant",
  "pooling",
  "embedder",
  "positions",
  "classToken",
  "registers",
  "mlp",
  "layerScale",
  "dropPath",
  "kernelResize",
  "kernelInterpolation",
  "kernelAntialias",
  "covariance",
  "modelConfig",
] as const satisfies readonly (keyof TrainFlags)[];

/** Throws where a model is given twice: by a file to start from and by flags. */
export function refuseModelFlags(flags: TrainFlags): void {
  const given = modelFlags.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new Error(`train(--${flag}): expected a model either from a file or by its flags, got --from too. Leave out one of the two.`);
}

/** Largest side of the stored patch kernel, in pixels. Source: arXiv 2212.08013 section 3.4. */
const largestKernelPx = 32;

/**
 * The model that the flags make. A kernel larger than every patch would hold weights that no patch can use; a fixed model
 * stores kernel and positions at its own size, so that nothing is resized.
 *
 * @throws where flags are impossible together, or a file of them cannot be read.
 */
export function modelOf(flags: TrainFlags, { variant, imageSizePx, patchSizes }: TrainPlan, channels: number): VitConfig {
  const sizes = { ...storedSizes(patchSizes, imageSizePx), ...storedSizesOf(flags) };
  const size = vitConfig(variant, { channels, ...sizes });
  const config = vitConfig(variant, { channels, ...sizes, ...fieldsOf(flags, size), ...fileFields(flags, size) });
  checkCovariance(flags, config);
  return config;
}

function checkCovariance({ covariance: file }: TrainFlags, { patchSize: [height, width], kernelResize: { covariance } }: VitConfig): void {
  if (file === undefined || !covariance || (covariance.height.length === height && covariance.width.length === width)) return;
  const [wanted, got] = [`${height}x${width}`, `${covariance.height.length}x${covariance.width.length}`];
  throw new Error(`train(--covariance): expected the covariance of patches of ${wanted}, as the stored kernel is, got one of ${got} in ${file}. Make it with flexivit covariance --patch-size ${wanted}.`);
}

/** Sizes at which kernel and positions are stored where no flag says so. */
export function storedSizes(patchSizes: readonly string[], imageSizePx: number): { patchSize: Size; positionGrid?: Size } {
  const schemes = patchSizes.map(parseScheme);
  const side = (axis: 0 | 1): number => Math.min(largestKernelPx, Math.max(...schemes.map(({ patchSize }) => patchSize[axis])));
  if (schemes.length > 1) return { patchSize: [side(0), side(1)] };
  const [{ patchSize, stride }] = schemes;
  const cells = (axis: 0 | 1): number => Math.floor((imageSizePx - patchSize[axis]) / stride[axis]) + 1;
  const positionGrid: Size = [cells(0), cells(1)];
  return { patchSize, positionGrid };
}

function fieldsOf(flags: TrainFlags, size: VitConfig): Partial<VitConfig> {
  const { pooling, positions, registers, mlp, layerScale, dropPath, embedder, classToken } = flags;
  const kernelResize = kernelResizeOf(flags);
  const fields = {
    pooling,
    positions,
    registers,
    mlp,
    layerScale,
    dropPath,
    embedder: embedder && embedders(size)[embedder],
    classToken: classToken && classTokenOf(classToken),
    kernelResize,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The embedders in sizes that suit the model; others by `--model-config`. */
function embedders({ dim, heads }: VitConfig): Record<Embedder["kind"], Embedder> {
  const quarter = Math.max(1, Math.round(dim / 4));
  return {
    linear: { kind: "linear" },
    mlp: { kind: "mlp", hiddenDim: 2 * dim },
    attention: { kind: "attention", heads },
    "tile-cnn": { kind: "tile-cnn", channels: quarter },
    "conv-stem": { kind: "conv-stem", channels: [quarter] },
    hybrid: { kind: "hybrid", stages: [{ channels: quarter, blocks: 1 }] },
  };
}

function classTokenOf(text: string): ClassToken {
  const form = /^(learned|zeros|ones)(?:,(first|last)(,position)?)?$/.exec(text);
  if (form) return { value: form[1], at: form[2] ?? "first", position: form[3] !== undefined } as ClassToken;
  throw new Error(`train(--class-token): expected a form such as zeros or learned,first,position, got "${text}". Leave it out for no class token, with --pooling gap or map.`);
}

function kernelResizeOf(flags: TrainFlags): KernelResize | undefined {
  const { kernelResize: method = "pi", kernelInterpolation: kernel = "bilinear", kernelAntialias: antialias = false, covariance } = flags;
  if (flags.kernelResize === undefined && kernel === "bilinear" && !antialias && covariance === undefined) return undefined;
  const interpolation = { ...flexivitKernelResize.interpolation, kernel, antialias };
  return { method, interpolation, ...(covariance === undefined ? {} : { covariance: readCovariance(covariance) }) };
}

function readCovariance(file: string): SeparableCovariance {
  const read = readJsonObject(file, "--covariance", "what flexivit covariance writes") as { covariance?: SeparableCovariance };
  if (read.covariance) return read.covariance;
  throw new Error(`train(--covariance): expected what flexivit covariance writes, got a file without a covariance: ${file}. Make it with flexivit covariance.`);
}

/** Fields that a config may lack. */
const optionalFields = ["classToken", "layerScale"] as const satisfies readonly (keyof VitConfig)[];

function fileFields({ modelConfig }: TrainFlags, whole: VitConfig): Partial<VitConfig> {
  if (modelConfig === undefined) return {};
  const fields = readJsonObject(modelConfig, "--model-config", "a JSON object of fields of the model's config");
  const known = new Set([...Object.keys(whole), ...optionalFields]);
  const unknown = Object.keys(fields).find((name) => !known.has(name));
  if (unknown === undefined) return fields;
  throw new Error(`train(--model-config): expected fields out of ${[...known].join(", ")}, got "${unknown}" in ${modelConfig}. Correct its name or leave it out.`);
}
