import { measureAnyPatch, trainingText, type ShownFigure } from "../any-patch.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel } from "../panel.ts";
import { taskExperimentOf, type Trial } from "../study.ts";
import { configs, equalName, plansOf, takesMore, type Config } from "./config.ts";
import { mapsAtEveryPatch } from "./pictures.ts";
import { rulesOf } from "./rules.ts";

const figures: ShownFigure[] = [
  { figure: "rmse", title: "Depth: RMSE against patch size", quantity: "RMSE", unit: "m" },
  { figure: "normalMean", title: "Normals: mean angle against patch size", quantity: "mean angle", unit: "°" },
  { figure: "absRel", title: "Depth: mean relative error", quantity: "AbsRel" },
  { figure: "delta1", title: "Depth: pixels within a factor of 1.25", quantity: "delta 1" },
  { figure: "normalWithin22", title: "Normals: pixels within 22.5 degrees", quantity: "within 22.5 degrees" },
];

/** Does one flexible model tell depths and surface normals as well at every patch size as models of that size alone? */
export const experiment: Experiment = taskExperimentOf<Config, "depth">({
  name: "depth-any-patch",
  subject: "depth",
  title: "Depth and normals at any patch size",
  question: "Does one flexible model tell depths and surface normals as well at every patch size as models of that size alone?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "ray-cast rooms painted with photographs of CIFAR-10, on two cores",
    paper: "ViT-B on NYU Depth v2 (--data nyu:FOLDER, --weights of a FlexiViT-B), a day on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: trainingText,
  pictures: mapsAtEveryPatch,
});

/** All models at every patch size, the second flexible one last. */
async function measure(trial: Trial<Config, "depth">): Promise<Panel[]> {
  const panels = await measureAnyPatch(trial, figures);
  if (!takesMore(trial.config)) return panels;
  const alone = { ...trial, config: { ...trial.config, fixedPatchSizes: [] }, models: trial.models.slice(-1) };
  const equal = await measureAnyPatch(alone, figures);
  return panels.map((panel, i) => ({ ...panel, lines: [...panel.lines, { name: equalName, values: equal[i].lines[0].values }] }));
}
