import type { ReadyPlan } from "./plan.ts";

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
