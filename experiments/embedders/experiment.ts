import { accuraciesAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { configs, overlapName, plansOf, type Config } from "./config.ts";
import { rulesOf } from "./rules.ts";

/** Do flexible patch sizes work with other embedders than a linear one, and is overlap better than smaller patches? */
export const experiment: Experiment = experimentOf<Config>({
  name: "embedders",
  title: "Embedders and overlap",
  question: "Do flexible patch sizes work with other embedders than the linear one, and is overlap better than smaller patches at as many tokens?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "Fashion-MNIST, five embedders and overlap, about six minutes on two cores",
    paper: "ViT-B on an ImageNet-21k folder (--data), weeks on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: ({ training: { imageSizePx, steps } }) => `${imageSizePx} px, ${steps} steps per model`,
});

async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const { patchSizes, plain, overlapping, tokens } = config;
  const kinds: PanelLine[] = [];
  for (const { plan, model } of models.slice(0, -1)) {
    kinds.push({ name: plan.name, values: await accuraciesAt(model, data.test, patchSizes, { signal }), bold: plan.name === "linear" });
  }
  const overlap = await accuraciesAt(models.at(-1)!.model, data.test, overlapping, { signal });
  const linear = plain.map((size) => kinds[0].values[patchSizes.indexOf(size)]);
  return [
    { title: "Accuracy by embedder", axis: "patch size (pixels), coarse to fine", ticks: patchSizes, lines: kinds },
    {
      title: "Overlap against smaller patches",
      axis: `tokens (side by side: ${plain.join(", ")} px; overlapping, size/stride: ${overlapping.map(short).join(", ")} px)`,
      ticks: tokens,
      lines: [
        { name: "linear, side by side", values: linear },
        { name: overlapName, values: overlap, bold: true },
      ],
    },
  ];
}

/** "12x12/6x6" as "12/6". */
const short = (scheme: string): string => scheme.replaceAll(/x\d+/g, "");
