import { accuraciesAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { configs, plansOf, type Config } from "./config.ts";
import { rulesOf } from "./rules.ts";

/** Can a flexible model be fine-tuned at one coarse patch size and deployed at finer ones? */
export const experiment: Experiment = experimentOf<Config>({
  name: "coarse-finetune-fine-deploy",
  title: "Fine-tuned coarse, deployed fine",
  question: "Can a flexible model be fine-tuned cheaply at one coarse patch size and gain by deployment at finer ones?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "pretrained on Fashion-MNIST, fine-tuned on MNIST at 8 px, a few minutes on two cores",
    frozen: "the same with the head alone fine-tuned",
    related: "fine-tuned gently on five classes of Fashion-MNIST instead",
    "related-frozen": "the latter with the head alone fine-tuned",
    rgb: "CIFAR-10, the head alone at 16 px on the six kinds of animals",
    paper: "a flexible and a fixed ViT-B/30 (--weights) on an ImageNet folder (--data), a day on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: ({ coarse, training: { imageSizePx, steps } }) => `${imageSizePx} px, fine-tuned at ${coarse} px for ${steps} steps`,
});

async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const lines: PanelLine[] = [];
  for (const { plan, model } of models) {
    const values = await accuraciesAt(model, data.test, config.patchSizes, { signal });
    lines.push({ name: plan.name, values, trainedAt: config.coarse, bold: plan.name === "flexible" });
  }
  return [{ title: "Accuracy after fine-tuning at one size", axis: "patch size (pixels) of deployment, coarse to fine", ticks: config.patchSizes, lines }];
}
