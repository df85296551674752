import { startingPointOf } from "flexivit";
import type { Plan } from "./plan.ts";

/** Refuses models in files that could not be measured on the data, before anything is trained: those of other, or unnamed, classes. */
export async function checkReadyModels(plans: readonly Plan[], { training }: { training: { readonly classes: readonly string[] } }): Promise<void> {
  for (const plan of plans) {
    if ("recipe" in plan) continue;
    const { classes } = (await startingPointOf(plan.file)).info;
    if (classes.join("\n") === training.classes.join("\n")) continue;
    const [wanted, got] = [training.classes, classes].map((names) => `${names.length} classes (${names[0]}, ...)`);
    throw new Error(`experiment(weights): expected a model of the data's ${wanted}, got one of ${got} in ${plan.file}. Name its classes with flexivit convert --labels.`);
  }
}
