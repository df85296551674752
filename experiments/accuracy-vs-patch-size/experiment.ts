import { accuraciesAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { configs, plansOf, type Config } from "./config.ts";
import { guesses } from "./guesses.ts";
import { rulesOf } from "./rules.ts";

/** Is one flexible model as accurate at every patch size as models trained for that size alone? */
export const experiment: Experiment = experimentOf<Config>({
  name: "accuracy-vs-patch-size",
  title: "Accuracy against patch size",
  question: "Is one flexible model as accurate at every patch size as models trained for that size alone?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "Fashion-MNIST on two cores, about five minutes",
    rgb: "CIFAR-10 on two cores, about five minutes",
    reduced: "the first, narrower and shorter, for the WebAssembly engine",
    paper: "ViT-B on an ImageNet-21k folder (--data), weeks on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: ({ training: { imageSizePx, steps }, flexibleSteps = steps }) => `${imageSizePx} px, ${flexibleSteps === steps ? `${steps} steps per model` : `${flexibleSteps} steps flexible, ${steps} steps each fixed`}`,
  more: guesses,
});

/** Every model at every patch size, fixed ones by PI-resize off their own size. */
async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const lines: PanelLine[] = [];
  const fixed = config.fixedPatchSizes.map((trainedAt) => ({ name: `fixed ${trainedAt}`, trainedAt }));
  for (const [index, shown] of [{ name: "flexible", bold: true }, ...fixed].entries()) {
    lines.push({ ...shown, values: await accuraciesAt(models[index].model, data.test, config.patchSizes, { signal }) });
  }
  return [{ title: "Accuracy against patch size", axis: "patch size (pixels) at evaluation, coarse to fine", ticks: config.patchSizes, lines }];
}
