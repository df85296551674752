/** The label of pixels that do not count, unless another one is given. */
const usualIgnoreLabel = 255;

/**
 * The label of pixels that do not count: as given, else 255.
 *
 * @throws where none is given and 255 is one of the classes, whose pixels would be left out without a word.
 */
export function ignoredLabel(given: number | undefined, classes: number, where: string): number {
  if (given !== undefined || classes <= usualIgnoreLabel) return given ?? usualIgnoreLabel;
  throw new Error(`${where}(ignoreLabel): expected one beside ${classes} classes, of which ${usualIgnoreLabel} is one, got none. Give a number that is no class, such as -1.`);
}
