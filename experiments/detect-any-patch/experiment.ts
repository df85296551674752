import { anyPatchPlans, measureAnyPatch, trainingText, type ShownFigure } from "../any-patch.ts";
import type { Experiment } from "../experiment.ts";
import { taskExperimentOf } from "../study.ts";
import { configs, type Config } from "./config.ts";
import { foundAtEveryPatch } from "./pictures.ts";
import { rulesOf } from "./rules.ts";

const figures: ShownFigure[] = [
  { figure: "AP", title: "Boxes: AP against patch size", quantity: "box AP" },
  { figure: "maskAP", title: "Masks: AP against patch size", quantity: "mask AP" },
  { figure: "APsmall", title: "Boxes of small objects, below 32² px", quantity: "box AP of small objects" },
  { figure: "APmedium", title: "Boxes of medium objects", quantity: "box AP of medium objects" },
  { figure: "APlarge", title: "Boxes of large objects, from 96² px", quantity: "box AP of large objects" },
];

/** Does one flexible detector find objects and their masks as well at every patch size as detectors of that size alone? */
export const experiment: Experiment = taskExperimentOf<Config, "detect">({
  name: "detect-any-patch",
  subject: "detect",
  title: "Detection at any patch size",
  question: "Does one flexible detector find objects and their masks as well at every patch size as detectors of that size alone?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "scenes composed from Fashion-MNIST and CIFAR-10, on two cores",
    paper: "ViT-B on COCO (--data coco:FOLDER), days on GPUs",
  },
  configs,
  plans: anyPatchPlans,
  measure: (trial) => measureAnyPatch(trial, figures),
  rules: rulesOf,
  training: trainingText,
  pictures: foundAtEveryPatch,
});
