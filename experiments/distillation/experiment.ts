import { accuraciesAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { agreementWith } from "./agreement.ts";
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
    paper: "DeiT III as teacher and as start (--weights) on an ImageNet folder (--data), days on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: ({ training: { imageSizePx, steps } }) => `${imageSizePx} px, ${steps} steps per student`,
});

/** The student that the paper recommends. */
const best = "teacher, teacher's weights";

/** Accuracy of teacher and students, and how often students answer as the teacher does. */
async function measure({ config, data, models, signal }: Trial<Config>): Promise<Panel[]> {
  const { patchSizes } = config;
  const [teacher, ...students] = models;
  const accuracy: PanelLine[] = [];
  const agreement: PanelLine[] = [];
  for (const { plan, model } of models) {
    const values = await accuraciesAt(model, data.test, patchSizes, { signal });
    const isTeacher = model === teacher.model;
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
