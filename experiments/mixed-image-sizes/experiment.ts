import { accuracyAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { configs, mixedName, plansOf, type Config } from "./config.ts";
import { rulesOf } from "./rules.ts";

/** What do pictures of several sizes in every step bring, under one scheme? */
export const experiment: Experiment = experimentOf<Config>({
  name: "mixed-image-sizes",
  title: "Pictures of several sizes in a step",
  question: "Does a model that sees pictures of several sizes in every step, under one scheme, keep its accuracy at one of them and gain at the others?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "Fashion-MNIST, two models, about three minutes on two cores",
    paper: "ViT-B on an ImageNet-21k folder (--data), weeks on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: ({ training: { steps, imageSizePx }, mixedSizesPx }) => `${steps} steps at ${imageSizePx} px or ${mixedSizesPx.join(", ")} px`,
});

/** Accuracy against image size, a panel per patch size. */
async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const panels: Panel[] = [];
  for (const patchSize of config.patchSizes) {
    const lines: PanelLine[] = [];
    for (const { plan, model } of models) {
      const values: number[] = [];
      for (const imageSizePx of config.evaluatedSizesPx) values.push(await accuracyAt(model, data.test, patchSize, { imageSizePx, signal }));
      const isMixed = plan.name === mixedName;
      lines.push({ name: plan.name, values, bold: isMixed, ...(isMixed ? {} : { trainedAt: String(config.training.imageSizePx) }) });
    }
    panels.push({ title: `Accuracy against image size, patches of ${patchSize} px`, axis: "image size (pixels)", ticks: config.evaluatedSizesPx.map(String), lines });
  }
  return panels;
}
