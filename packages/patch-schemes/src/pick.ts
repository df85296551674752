/** The index whose share of [0, 1) a number falls on; never one of probability 0. */
export function pick(probabilities: readonly number[], at: number): number {
  let rest = at;
  for (const [index, probability] of probabilities.entries()) {
    rest -= probability;
    if (rest < 0) return index;
  }
  return probabilities.findLastIndex((probability) => probability > 0); // their sum may round to just below 1
}
