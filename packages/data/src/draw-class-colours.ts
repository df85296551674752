/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Seven colours that people with each kind of colour blindness can tell apart. */
const distinct: readonly Rgb[] = [
  [230, 159, 0], // orange
  [86, 180, 233], // sky blue
  [0, 158, 115], // bluish green
  [240, 228, 66], // yellow
  [0, 114, 178], // blue
  [213, 94, 0], // vermilion
  [204, 121, 167], // reddish purple
];

/** How far the palest and the darkest shades go towards white and black. */
const farthest = 0.8;

/**
 * The colour of a class, the same wherever the class is drawn.
 *
 * The first seven classes have distinct colours; the following ones have these again, in turn darker and lighter by
 * 0.8 times 1/2, 1/4, 3/4, 1/8, ..., so no two of the first thousand are equal.
 *
 * @throws where the class is no whole number from 0 on
 * Source: M. Okabe and K. Ito, as in B. Wong, "Points of view: Color blindness", Nature Methods 8, 2011; without their black.
 */
export function classColour(index: number): Rgb {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new Error(`classColour(index): expected a whole number from 0 on, got ${index}. Give the index of a class.`);
  }
  const round = Math.floor(index / distinct.length);
  return mix(distinct[index % distinct.length], round % 2 === 1 ? black : white, farthest * halved(Math.ceil(round / 2)));
}

export const white: Rgb = [255, 255, 255];
export const black: Rgb = [0, 0, 0];

/** `share` of the other colour in one, in whole levels; a share of 0 leaves it as it is. */
export function mix(one: Rgb, other: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(one[i] + (other[i] - one[i]) * share)) as unknown as Rgb;
}

/** 0, 1/2, 1/4, 3/4, 1/8, 5/8, ...: the binary digits behind the point in turned order, as van der Corput's. */
function halved(index: number): number {
  let [value, weight] = [0, 0.5];
  for (let rest = index; rest > 0; rest = Math.floor(rest / 2), weight /= 2) value += (rest % 2) * weight;
  return value;
}

/** Black or white, whichever has more contrast on a colour. Source: contrast ratio of WCAG 2, with 2.2 for its power. */
export function textOn(colour: Rgb): Rgb {
  const [red, green, blue] = colour.map((level) => (level / 255) ** 2.2);
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? black : white;
}

/** A colour as SVG writes it. */
export function svgColour(colour: Rgb): string {
  return `rgb(${colour.join(",")})`;
}
