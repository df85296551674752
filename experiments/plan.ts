import { createHash } from "node:crypto";
import type { Distance } from "@flexivit/distill";
import type { RecipeOf, Subject } from "./subject.ts";

/** A data set by name or folder, the channels of its pictures, and which of its classes; all unless given. */
export type DataChoice = { data: string; channels: 1 | 3; classes?: string[] };

/** A model that is trained, as plain data: the same plan gives the same weights. */
export type TrainedPlan<S extends Subject = Subject> = DataChoice & {
  /** What tables, figures and run folders call it. */
  name: string;
  /** Of a classifier, or of a model of another task. */
  recipe: RecipeOf<S>;
  /** Starts from the weights of this model; the configuration of the transformer is then that model's. */
  from?: Plan;
  /** With `from`: kernel and positions are stored and resized as the recipe says, in place of that model's way. */
  ownStorage?: true;
  /** Learns from this model in place of labels; classifiers only. */
  teacher?: Teacher;
  /** Kept where every experiment finds it, by a hash of the plan. */
  shared?: true;
};

/** A model that lies in a file. */
export type ReadyPlan = { name: string; file: string };

export type Plan = TrainedPlan | ReadyPlan;

/** A teacher sees the student's crop at a patch size and an image size of its own. */
export type Teacher = { plan: Plan; patchSize: string; imageSizePx: number; distance: Distance };

/** Eight letters that differ where plans differ in anything but names. */
export function planHash(plan: Plan): string {
  const text = JSON.stringify(plan, (key, value: unknown) => (key === "name" ? undefined : value));
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** A name as a folder. */
export function folderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-").replaceAll(/^-|-$/g, "");
}
