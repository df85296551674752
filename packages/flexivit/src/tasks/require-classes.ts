/** Throws where a head does not have as many classes as the data; errors name the function `where`. */
export function requireClasses(names: readonly string[], classes: number, where: string): void {
  if (names.length === classes) return;
  throw new Error(`${where}(head.classes): expected ${names.length}, as the data has, got ${classes}. Set head.classes to ${names.length}.`);
}
