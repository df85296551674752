import type { ImageSource } from "@flexivit/data";
import type { Section } from "@flexivit/run-log";
import type { ClassifierModel } from "flexivit";
import { accuraciesAt, accuracyAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { agreementBetweenSizes, agreementWith } from "./agreement.ts";
import { configs, plansOf, type Config } from "./config.ts";
import { rulesOf } from "./rules.ts";

/** Does a flexible student do better with a teacher's answers than with labels, and better from the teacher's weights than fresh? */
export const experiment: Experiment = experimentOf<Config>({
  name: "distillation",
  title: "Distillation",
  question: "Does a flexible student do better with a teacher's answers than with labels, and better from the teacher's weights than fresh?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "Fashion-MNIST, four students of a model trained at 6 px, a few minutes on two cores",
    paper: "DeiT III as teacher and start (--weights) on an ImageNet folder (--data), days on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: ({ training: { imageSizePx, steps } }) => `${imageSizePx} px, ${steps} steps per student`,
  more,
});

/** The student that the paper recommends. */
const best = "teacher, teacher's weights";

/** Accuracy of teacher and students, and how often students answer as the teacher does. */
export async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const { patchSizes } = config;
  const [teacher, ...students] = models;
  const accuracy: PanelLine[] = [];
  const agreement: PanelLine[] = [];
  for (const { plan, model } of models) {
    const isTeacher = model === teacher.model;
    const values = isTeacher ? await accuraciesOfTeacher(model, data.test, config, signal) : await accuraciesAt(model, data.test, patchSizes, { signal });
    accuracy.push({ name: isTeacher ? "teacher" : plan.name, values, bold: plan.name === best, ...(isTeacher ? { trainedAt: config.teacher.patchSize } : {}) });
  }
  for (const { plan, model } of students) {
    const values = await agreementWith(teacher.model, model, data.test, config);
    agreement.push({ name: plan.name, values, bold: plan.name === best });
  }
  const axis = "patch size of the student (pixels), coarse to fine";
  return [
    { title: "Accuracy of students and teacher", axis, ticks: patchSizes, lines: accuracy },
    { title: "Agreement with the teacher", quantity: "agreement", axis, ticks: patchSizes, lines: agreement },
  ];
}

/** At its own patch size the teacher sees pictures of its own size, at the others those of the students. */
async function accuraciesOfTeacher(model: ClassifierModel, test: ImageSource, { patchSizes, teacher, training }: Config, signal: AbortSignal): Promise<number[]> {
  const values: number[] = [];
  for (const size of patchSizes) {
    const imageSizePx = size === teacher.patchSize ? teacher.imageSizePx : training.imageSizePx;
    values.push(await accuracyAt(model, test, size, { imageSizePx, signal }));
  }
  return values;
}

/** How often the recommended student answers the same at every two patch sizes. */
async function more({ config: { patchSizes }, data, models }: Trial<Config>): Promise<Section[]> {
  const { model } = models.find(({ plan }) => plan.name === best)!;
  const shares = await agreementBetweenSizes(model, data.test, patchSizes);
  const rows = shares.map((row, index) => [patchSizes[index], ...row.map((share) => (100 * share).toFixed(1))]);
  return [{ kind: "table", title: `Agreement between patch sizes of "${best}" (%)`, columns: ["patch size", ...patchSizes], rows }];
}
