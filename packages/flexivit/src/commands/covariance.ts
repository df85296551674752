import { writeFile } from "node:fs/promises";
import { evaluationBatches, subset } from "@flexivit/data";
import { formatScheme, parseScheme } from "@flexivit/patch-schemes";
import { certificateTable, patchCovariance, type SeparableCovariance } from "@flexivit/pi-resize";
import { random } from "@flexivit/random";
import { Command } from "commander";
import { openData } from "../open-data.ts";
import { recipeDefaults } from "../recipe.ts";
import { patchSize, patchSizes, wholeNumber } from "./options.ts";
import { counted, printResult, remark, remarkSkipped } from "./print.ts";

type CovarianceFlags = {
  data: string;
  imageSize: number;
  patchSize: string;
  patchSizes: string[];
  pictures: number;
  kernelAntialias?: boolean;
  out: string;
  strict?: boolean;
  json?: boolean;
};

/** `flexivit covariance`: the second moments of the patches of pictures, for PI-resize weighted by them. */
export function covarianceCommand(): Command {
  return new Command("covariance")
    .description("Estimate the covariance of patches from pictures, for flexivit train --covariance, and show what it gains")
    .requiredOption("--data <set>", "fashion-mnist, mnist, cifar10, a folder of pictures, or a .csv file of labels")
    .option("--image-size <px>", "height and width that a model sees", wholeNumber(1), 240)
    .option("--patch-size <size>", "size at which the patch kernel is stored", patchSize, "32")
    .option("--patch-sizes <list>", "sizes of the table", patchSizes, ["48", "40", "30", "24", "20", "16", "15", "12", "10", "8"])
    .option("--pictures <n>", "training pictures to take, drawn once", wholeNumber(1), 200)
    .option("--kernel-antialias", "kernels that are resized with antialias")
    .option("--out <file>", "where the covariance goes", "covariance.json")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  flexivit covariance --data pictures --image-size 240 --patch-size 32 --out covariance.json")
    .action(estimate);
}

async function estimate(flags: CovarianceFlags): Promise<void> {
  const { patchSize: stored, data, out } = flags;
  const { training, skipped } = await openData(data, flags);
  remarkSkipped(skipped);
  const { patchSize: size } = parseScheme(stored);
  const moments = patchCovariance(size);
  const chosen = subset(training, random(0, "covariance").permutation(training.size).slice(0, flags.pictures));
  for await (const { images, shape } of evaluationBatches(chosen, { batchSize: 8, imageSize: flags.imageSize, framing: recipeDefaults.testFraming })) {
    moments.add({ shape, data: images });
  }
  const covariance = moments.covariance();
  await writeFile(out, `${JSON.stringify({ patchSize: size, pictures: chosen.size, imageSizePx: flags.imageSize, covariance })}\n`);
  remark(`${out}: second moments of ${counted(moments.patches(), "patch").replace(/patchs$/, "patches")} of ${formatScheme(parseScheme(stored))} px out of ${counted(chosen.size, "picture")}`);
  show(flags, covariance);
}

/** The errors of a token with and without the covariance. */
function show({ patchSize: stored, patchSizes: wanted, kernelAntialias: antialias = false, json }: CovarianceFlags, covariance: SeparableCovariance): void {
  const interpolation = { kernel: "bilinear", antialias, alignment: "half-pixel" } as const;
  const { patchSize: from } = parseScheme(stored);
  const sizes = wanted.map((size) => parseScheme(size).patchSize);
  const plain = certificateTable(from, sizes, { interpolation, patchCovariance: covariance });
  const weighted = certificateTable(from, sizes, { interpolation, covariance });
  printResult(json, { plain: plain.certificates, weighted: weighted.certificates }, () =>
    [`PI-resize from ${stored}`, ...plain.rows, "", "weighted by this covariance", ...weighted.rows].join("\n"),
  );
}
