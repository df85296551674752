import { accuraciesAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { configs, orders, plansOf, stepsOf, type Config } from "./config.ts";
import { rulesOf } from "./rules.ts";

/** Does any order of patch sizes beat uniform draws at the same compute? */
export const experiment: Experiment = experimentOf<Config>({
  name: "patch-size-curriculum",
  title: "Order of patch sizes at equal compute",
  question: "Does a sequence of distributions over patch sizes, or cost-equalised sampling, beat uniform draws at the same compute?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "Fashion-MNIST, five orders, about five minutes on two cores",
    paper: "ViT-B on an ImageNet-21k folder (--data), weeks on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: (config) => `${config.training.imageSizePx} px, ${orders.map((order) => stepsOf(order, config)).join(" / ")} steps`,
});

async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const lines: PanelLine[] = [];
  for (const { plan, model } of models) {
    lines.push({ name: plan.name, values: await accuraciesAt(model, data.test, config.patchSizes, { signal }), bold: plan.name === "uniform" });
  }
  return [{ title: "Accuracy by the order of patch sizes", axis: "patch size (pixels) at evaluation, coarse to fine", ticks: config.patchSizes, lines }];
}
