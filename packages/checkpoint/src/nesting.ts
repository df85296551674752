/** Deepest nesting of JSON and of names that is taken: what reads them further recurses, and nothing here has a tenth of that. */
export const deepest = 100;

/** Whether data out of JSON is nested at most so deep. */
export function isShallow(value: unknown, levels: number = deepest): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
