/** How an error names an argument: `place("stdPx")` is "gaussian(stdPx)", or inside a config "drawScheme(stages[1].distribution.stdPx)". */
export type Place = (argument: string) => string;

/** The arguments of a function. */
export function placeIn(functionName: string): Place {
  return (argument) => `${functionName}(${argument})`;
}

/** The fields of a part of an argument, such as `distributions[2]`. */
export function within(place: Place, part: string): Place {
  return (argument) => place(`${part}.${argument}`);
}
