/** Throws where a head does not have as many classes as the data. */
export function requireClasses(names: readonly string[], classes: number): void {
  if (names.length === classes) return;
  throw new Error(`trainTask(head.classes): expected ${names.length}, as the data has, got ${classes}. Set head.classes to ${names.length}.`);
}
