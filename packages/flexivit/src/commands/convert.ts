import { basename, dirname, extname, join } from "node:path";
import { loadVit, resizeVit, saveVit, timmArguments, unlikeOrigin, weightFormats, type LoadedVit, type WeightFormat } from "@flexivit/checkpoint";
import { useEngine } from "@flexivit/engine";
import { disposeTree } from "@flexivit/params";
import type { CertificateTable, KernelResize } from "@flexivit/pi-resize";
import { formatScheme, parseScheme, patchScheme, schemesFor, type Size } from "@flexivit/patch-schemes";
import type { VitConfig } from "@flexivit/vit";
import { Command, Option } from "commander";
import { labelsOf } from "../labels-file.ts";
import { classifierInfo, saveModel } from "../model-file.ts";
import { certificatesOf } from "./certificates.ts";
import { normalisationOption, patchSizes, threadsOption, type NormalisationName } from "./options.ts";
import { printResult, remark } from "./print.ts";
import { addTraitFlags, size, storedSizesOf, traitsOf, type TraitFlags } from "./trait-flags.ts";
import { requireWritableFile } from "./writable.ts";

type ConvertFlags = TraitFlags & {
  to: WeightFormat | "flexivit";
  flexible?: boolean;
  method?: KernelResize["method"];
  patchSizes?: string[];
  storePatchSize?: Size;
  storeGrid?: Size;
  labels?: string;
  normalisation?: NormalisationName;
  out?: string;
  threads?: number;
  json?: boolean;
};

/** `flexivit convert`: weights of one origin under the names of another; any fixed model becomes a flexible one. */
export function convertCommand(): Command {
  const command = new Command("convert")
    .argument("<weights>", ".npz or .safetensors; its origin is told by the names in it")
    .addOption(new Option("--to <format>", "names and layouts to write").choices(["flexivit", ...weightFormats]).default("flexivit"))
    .option("--flexible", "choose how the kernel is resized, and print what is kept at each patch size")
    .addOption(new Option("--method <how>", "with --flexible: PI-resize, or a rival of it").choices(["pi", "bilinear", "norm", "area"]))
    .option("--patch-sizes <list>", "with --flexible: sizes to certify (default: those that give 25 to 900 patches)", patchSizes)
    .option("--store-patch-size <size>", "store the patch kernel at this size, such as 32 or 12x10", size)
    .option("--store-grid <size>", "store the positions at this grid, such as 7 or 5x7", size)
    .option("--labels <file>", "names of the classes, one per line or as a JSON array; kept in files of flexivit")
    .addOption(normalisationOption())
    .option("--out <file>", "where to (default: beside the weights, named by the format)");
  return addTraitFlags(command).addOption(threadsOption()).option("--json", "print JSON").addHelpText("after", examples).action(convert);
}

const examples = `
Examples:
  flexivit convert vit.safetensors --flexible
  flexivit convert vit.safetensors --flexible --method pi --interpolation bilinear --antialias --store-patch-size 32 --store-grid 7
  flexivit convert runs/flexible/model.safetensors --to timm --store-patch-size 16 --store-grid 15`;

const noCertificates: CertificateTable = { certificates: [], rows: [] };

async function convert(file: string, flags: ConvertFlags): Promise<void> {
  const labels = await labelsOf(flags.labels);
  const out = flags.out ?? defaultOut(file, flags);
  await requireWritableFile(out, "convert(--out)");
  await useEngine({ threads: flags.threads });
  const loaded = withMethod(await loadVit(file, traitsOf(flags)), flags);
  if (loaded.unused.length > 0) remark(`left out: ${loaded.unused.join(", ")}`);
  const model = stored(loaded, flags);
  await write(out, model, flags, labels);
  const { config, head, format } = model;
  const { certificates, rows } = flags.flexible ? certificatesOf(config.patchSize, sizesOf(loaded, flags), config.kernelResize) : noCertificates;
  if (flags.storePatchSize) remarkStored(loaded.config, config);
  const unlike = flags.to === "flexivit" ? [] : unlikeOrigin(config, flags.to);
  for (const difference of unlike) remark(`computed otherwise by programs of ${flags.to}: ${difference}`);
  const timm = flags.to === "timm" ? timmArguments(config, head?.bias.shape[0] ?? 0) : undefined;
  disposeTree(loaded.params, loaded.head, model.params, model.head);
  printResult(flags.json, { out, from: format, to: flags.to, config, certificates, unlike, timm }, () =>
    [
      ...(rows.length > 0 ? [...rows, ""] : []),
      `${format} -> ${flags.to}: ${out}`,
      ...(timm ? [`timm: VisionTransformer(**${JSON.stringify(timm)})`] : []),
    ].join("\n"),
  );
}

async function write(out: string, model: LoadedVit, { to, normalisation }: ConvertFlags, labels: readonly string[] | undefined): Promise<void> {
  const { params: backbone, head } = model;
  if (to === "flexivit" && head) await saveModel(out, { params: { backbone, head }, info: classifierInfo(model, { labels, normalisation }) });
  else await saveVit(out, model, to);
}

/** The model at the stored sizes that the flags ask for; itself where they ask for none. */
function stored(model: LoadedVit, flags: ConvertFlags): LoadedVit {
  if (!flags.storePatchSize && !flags.storeGrid) return model;
  return { ...model, ...resizeVit(model, storedSizesOf(flags)) };
}

function withMethod(model: LoadedVit, { flexible, method }: ConvertFlags): LoadedVit {
  if (method === undefined) return model;
  if (!flexible) throw new Error(`--method: expected --flexible beside it, got none. A method is what makes a model flexible.`);
  return { ...model, config: { ...model.config, kernelResize: { ...model.config.kernelResize, method } } };
}

/** Says what storing the kernel at another size has kept of it. */
function remarkStored({ patchSize: from, kernelResize }: VitConfig, { patchSize: to }: VitConfig): void {
  if (from[0] === to[0] && from[1] === to[1]) return;
  const { rows } = certificatesOf(from, [to], kernelResize);
  remark([`kernel stored at ${formatScheme(patchScheme(to))} instead of ${formatScheme(patchScheme(from))}:`, ...rows].join("\n"));
}

/** The sizes wanted, or those that cover the image of the stored sizes with as many patches as the paper's. */
function sizesOf({ config: { patchSize, positionGrid } }: LoadedVit, { patchSizes: wanted }: ConvertFlags): Size[] {
  if (wanted) return wanted.map((text) => parseScheme(text).patchSize);
  const image: Size = [patchSize[0] * positionGrid[0], patchSize[1] * positionGrid[1]];
  const usual = schemesFor(image, { minTokens: 25, maxTokens: 900, maxAspectRatio: 2 }).filter(isLike(patchSize));
  return (usual.length > 0 ? usual : schemesFor(image).filter(isLike(patchSize))).map((scheme) => scheme.patchSize);
}

/** Whether a scheme's patches have the proportions of the stored ones. */
const isLike = ([height, width]: Size) => ({ patchSize }: { patchSize: Size }) => patchSize[0] * width === patchSize[1] * height;

function defaultOut(file: string, { to, flexible }: ConvertFlags): string {
  const name = basename(file, extname(file));
  return join(dirname(file), `${name}.${flexible ? "flexible" : to}${to === "big_vision" ? ".npz" : ".safetensors"}`);
}
