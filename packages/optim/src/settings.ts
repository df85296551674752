/** What values a setting may have. */
type Range = { expected: string; holds: (value: unknown) => boolean };

/** A range for every setting of an optimiser. */
export type Ranges<Settings> = { readonly [Name in keyof Required<Settings>]: Range };

/** What an optimiser takes where nothing is said; the learning rate has no default. */
export type Defaults<Settings> = Omit<Required<Settings>, "learningRate">;

export const positive: Range = { expected: "a number above 0", holds: (value) => isFinite(value) && value > 0 };
export const notNegative: Range = { expected: "a number of at least 0", holds: (value) => isFinite(value) && value >= 0 };
export const fraction: Range = { expected: "a number in [0, 1)", holds: (value) => isFinite(value) && value >= 0 && value < 1 };
export const fractionOrOne: Range = { expected: "a number in (0, 1]", holds: (value) => isFinite(value) && value > 0 && value <= 1 };
export const count: Range = { expected: "a whole number of at least 1", holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1 };

/** One of two or more words. */
export function oneOf<Word extends string | boolean>(...words: readonly Word[]): Range {
  return { expected: words.map((word) => JSON.stringify(word)).join(" or "), holds: (value) => words.includes(value as Word) };
}

/**
 * The options, with the defaults in place of those that are absent or `undefined`.
 *
 * @throws where a setting is unknown or out of its range; a config may come from a file, past the compiler
 */
export function settingsOf<Options extends { learningRate: number }>(
  optimizer: string,
  options: Options,
  defaults: Defaults<Options>,
  ranges: Ranges<Options>,
): Required<Options> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(ranges, name)) continue;
    const known = Object.keys(ranges).join(", ");
    throw new Error(`${optimizer}(options): expected settings out of ${known}, got "${name}". Correct its name or leave it out.`);
  }
  const settings: Record<string, unknown> = { ...defaults, ...given };
  for (const [name, { expected, holds }] of Object.entries<Range>(ranges)) {
    const value = settings[name];
    if (holds(value)) continue;
    const got = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new Error(`${optimizer}(${name}): expected ${expected}, got ${got}. Correct the setting.`);
  }
  return settings as Required<Options>;
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
