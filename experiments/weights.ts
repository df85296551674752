import type { Plan, ReadyPlan } from "./plan.ts";

/**
 * The files that a paper variant was given, in the order of `names`.
 *
 * @throws where there are not as many as names
 */
export function weightsOf(files: readonly string[] = [], ...names: string[]): ReadyPlan[] {
  if (files.length !== names.length) {
    throw new Error(`experiment(weights): expected ${names.length} files of trained weights (${names.join(", ")}), got ${files.length}. Pass them with --weights.`);
  }
  return names.map((name, index) => ({ name, file: files[index] }));
}

/**
 * Refuses files that no plan reads: a variant that trains its own models would leave them out without a word.
 *
 * @throws where there is such a file
 */
export function requireUsed(files: readonly string[] = [], plans: readonly Plan[]): void {
  const read = plans.flatMap(filesOf);
  const unused = files.filter((file) => !read.includes(file));
  if (unused.length === 0) return;
  throw new Error(`experiment(weights): expected none, since this variant trains its own models, got ${unused.join(", ")}. Leave --weights out, or choose another variant.`);
}

/** The files of a plan and of those that it starts or learns from. */
function filesOf(plan: Plan): string[] {
  if (!("recipe" in plan)) return [plan.file];
  return [plan.from, plan.teacher?.plan].flatMap((before) => (before ? filesOf(before) : []));
}
