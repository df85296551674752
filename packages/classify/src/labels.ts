/** Throws where a label is not a class, 0 to classes - 1. */
export function checkLabels(labels: ArrayLike<number>, classes: number, where: string): void {
  const wrong = Array.from(labels).findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong === -1) return;
  throw new Error(
    `${where}: expected classes from 0 to ${classes - 1}, got ${labels[wrong]} at position ${wrong}. Check that the labels belong to these ${classes} classes.`,
  );
}
