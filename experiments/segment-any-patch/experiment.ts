import { anyPatchPlans, measureAnyPatch, trainingText, type ShownFigure } from "../any-patch.ts";
import type { Experiment } from "../experiment.ts";
import { taskExperimentOf } from "../study.ts";
import { configs, type Config } from "./config.ts";
import { labelsAtEveryPatch } from "./pictures.ts";
import { rulesOf } from "./rules.ts";

const figures: ShownFigure[] = [
  { figure: "meanIou", title: "Mean IoU against patch size", quantity: "mean IoU" },
  { figure: "pixelAccuracy", title: "Accuracy of pixels against patch size", quantity: "pixel accuracy" },
];

/** Does one flexible segmenter label pixels as well at every patch size as segmenters of that size alone? */
export const experiment: Experiment = taskExperimentOf<Config, "segment">({
  name: "segment-any-patch",
  subject: "segment",
  title: "Segmentation at any patch size",
  question: "Does one flexible segmenter label pixels as well at every patch size as segmenters of that size alone?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "scenes composed from Fashion-MNIST and CIFAR-10, on two cores",
    paper: "ViT-B with a mask transformer on ADE20K (--data ade20k:FOLDER), days on a GPU",
  },
  configs,
  plans: anyPatchPlans,
  measure: (trial) => measureAnyPatch(trial, figures),
  rules: rulesOf,
  training: trainingText,
  pictures: labelsAtEveryPatch,
});
