import { evaluationBatches, subset } from "@flexivit/data";
import { formatScheme, parseScheme, patchScheme, type Size } from "@flexivit/patch-schemes";
import { certificateTable, patchCovariance, type SeparableCovariance } from "@flexivit/pi-resize";
import { random } from "@flexivit/random";
import { Command } from "commander";
import { openData } from "../open-data.ts";
import { storedSizes } from "../model-flags.ts";
import { framingsOf, usualImageSize, usualPatchSizes } from "../train-plan.ts";
import { patchSize, patchSizes, wholeNumber } from "./options.ts";
import { counted, printResult, remark, remarkSkipped } from "./print.ts";
import { requireWritableFile, writeWhole } from "./writable.ts";

type CovarianceFlags = {
  data: string;
  imageSize?: number;
  patchSize?: string;
  patchSizes?: string[];
  pictures: number;
  kernelAntialias?: boolean;
  out: string;
  strict?: boolean;
  json?: boolean;
};

/** `flexivit covariance`: the second moments of the patches of pictures, for PI-resize weighted by them. */
export function covarianceCommand(): Command {
  return new Command("covariance")
    .requiredOption("--data <set>", "fashion-mnist, mnist, cifar10, a folder of pictures, or a .csv file of labels")
    .option("--image-size <px>", "height and width that a model sees (default: 240; 24 for packaged sets)", wholeNumber(1))
    .option("--patch-sizes <list>", "sizes of the training, for the table (default: those of flexivit train)", patchSizes)
    .option("--patch-size <size>", "size at which the patch kernel is stored (default: as train stores it, the largest size up to 32)", patchSize)
    .option("--pictures <n>", "training pictures to take, drawn once", wholeNumber(1), 200)
    .option("--kernel-antialias", "for kernels that are resized with antialias")
    .option("--out <file>", "where the covariance goes", "covariance.json")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(estimate);
}

const examples = `
Examples:
  flexivit covariance --data pictures --image-size 240
  flexivit train --data pictures --image-size 240 --covariance covariance.json`;

async function estimate(flags: CovarianceFlags): Promise<void> {
  const { data, out, imageSize = usualImageSize(data) } = flags;
  await requireWritableFile(out, "covariance(--out)", { orInPlace: true });
  const sizes = flags.patchSizes ?? usualPatchSizes(data, imageSize);
  const size = flags.patchSize ? parseScheme(flags.patchSize).patchSize : storedSizes(sizes, imageSize).patchSize;
  const { training, skipped } = await openData(data, flags);
  remarkSkipped(skipped);
  const moments = patchCovariance(size);
  const chosen = subset(training, random(0, "covariance").permutation(training.size).slice(0, flags.pictures));
  for await (const { images, shape } of evaluationBatches(chosen, { batchSize: 8, imageSize, framing: framingsOf(data, imageSize, false).testFraming })) {
    moments.add({ shape, data: images });
  }
  const covariance = moments.covariance();
  show(flags, size, sizes, covariance); // first: what is computed is not lost where the file cannot be written
  await writeWhole(out, [`${JSON.stringify({ patchSize: size, pictures: chosen.size, imageSizePx: imageSize, covariance })}\n`]);
  remark(`${out}: second moments of ${counted(moments.patches(), "patch").replace(/patchs$/, "patches")} of ${formatScheme(patchScheme(size))} px out of ${counted(chosen.size, "picture")}`);
}

/** The errors of a token with and without the covariance. */
function show({ kernelAntialias: antialias = false, json }: CovarianceFlags, from: Size, wanted: readonly string[], covariance: SeparableCovariance): void {
  const interpolation = { kernel: "bilinear", antialias, alignment: "half-pixel" } as const;
  const sizes = wanted.map((size) => parseScheme(size).patchSize);
  const plain = certificateTable(from, sizes, { interpolation, patchCovariance: covariance });
  const weighted = certificateTable(from, sizes, { interpolation, covariance });
  printResult(json, { plain: plain.certificates, weighted: weighted.certificates }, () =>
    [`PI-resize from ${formatScheme(patchScheme(from))}`, ...plain.rows, "", "weighted by this covariance", ...weighted.rows].join("\n"),
  );
}
