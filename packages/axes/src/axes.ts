/** Each name of a pattern such as "batch tokens dim", as a union; numerals and "..." are no names. */
export type AxisName<Pattern extends string> = Pattern extends `${infer Word} ${infer Rest}`
  ? AxisName<Word> | AxisName<Rest>
  : Pattern extends "" | "..." | `${number}`
    ? never
    : Pattern;

/** The length of each named axis: `AxisLengths<"batch tokens dim">` is `{ batch: number; tokens: number; dim: number }`. */
export type AxisLengths<Pattern extends string> = { [Name in AxisName<Pattern>]: number };

/**
 * The lengths of a tensor's axes by name, after a check of the shape against the pattern.
 *
 * A pattern is a list of words separated by spaces, one per axis: a name takes any length (the
 * same name twice, the same length twice), a numeral only that length. A leading `...` stands for
 * any number of axes: `axes(x, "linear(x)", "... dim")`.
 *
 * @param x a tensor, or anything with a shape
 * @param where the function and its argument as the error names them: "attention(x)"
 * @param known lengths that are already bound, as in `axes(y, "f(y)", "batch dim", { dim: 64 })`;
 *   an entry that is `undefined` is left free
 * @throws where the number of axes or a length differs
 */
export function axes<const Pattern extends string>(
  x: { readonly shape: readonly number[] },
  where: string,
  pattern: Pattern,
  known: { readonly [Name in AxisName<Pattern>]?: number } = {},
): AxisLengths<Pattern> {
  const words = pattern.split(" ");
  const open = words[0] === "...";
  const names = open ? words.slice(1) : words;
  const skipped = open ? Math.max(0, x.shape.length - names.length) : 0;
  const lengths = new Map(Object.entries<number | undefined>(known));
  if (x.shape.length !== names.length + skipped) {
    const rank = `${open ? "at least " : ""}${names.length}`;
    throw mismatch(x.shape, where, words, lengths, `Reshape it to rank ${rank}.`);
  }
  const found: Record<string, number> = {};
  for (const [index, name] of names.entries()) {
    const axis = skipped + index;
    const length = x.shape[axis];
    const expected = /^\d+$/.test(name) ? Number(name) : lengths.get(name) ?? found[name];
    if (expected !== undefined && expected !== length) {
      throw mismatch(x.shape, where, words, lengths, `Axis ${axis} must have length ${expected}.`);
    }
    if (!/^\d+$/.test(name)) found[name] = length;
  }
  return found as AxisLengths<Pattern>;
}

function mismatch(
  shape: readonly number[],
  where: string,
  words: readonly string[],
  known: ReadonlyMap<string, number | undefined>,
  remedy: string,
): Error {
  const expected = words.map((word) => (known.get(word) === undefined ? word : `${word}=${known.get(word)}`));
  return new Error(`${where}: expected axes [${expected.join(", ")}], got shape [${shape.join(", ")}]. ${remedy}`);
}
