/** A category and an instance for every pixel of an image; instances of stuff are not looked at. */
export type PanopticMap = { readonly categories: ArrayLike<number>; readonly instances: ArrayLike<number> };

/** Which categories have countable instances and which are one segment per image; any other category is void. */
export type PanopticCategories = { readonly things: readonly number[]; readonly stuff: readonly number[] };

/** Matched segments, unmatched ones of prediction and of truth, and the sum of the matched IoUs, per category. */
export type PanopticCounts = Readonly<Record<number, { matched: number; onlyPredicted: number; onlyTrue: number; iouSum: number }>>;

/**
 * Segments of an image that match, added to the counts of the images before where those are given.
 *
 * A segment of the truth and one of the prediction match where they have one category and an IoU above 1/2, so each has
 * at most one match. Void pixels of the truth do not count for the IoU, and a prediction that is more than half void is
 * neither right nor wrong.
 *
 * @throws where the maps are not of one size.
 * Source: A. Kirillov et al., "Panoptic segmentation", arXiv 1801.00868, section 4; void as in the panoptic API of COCO.
 */
export function panopticCounts(
  truth: PanopticMap,
  prediction: PanopticMap,
  categories: PanopticCategories,
  before?: PanopticCounts,
): PanopticCounts {
  const pixels = truth.categories.length;
  for (const map of [truth.instances, prediction.categories, prediction.instances]) {
    if (map.length !== pixels) throw new Error(`panopticCounts(prediction): expected maps of ${pixels} pixels, as the truth has, got ${map.length}. Resize the prediction.`);
  }
  const [segments, others] = [segmentsOf(truth, categories), segmentsOf(prediction, categories)];
  const overlaps = overlapsOf(segments, others); // [others, segments]
  const counts: PanopticCounts = Object.fromEntries(
    [...categories.things, ...categories.stuff].map((id) => [id, { ...(before?.[id] ?? { matched: 0, onlyPredicted: 0, onlyTrue: 0, iouSum: 0 }) }]),
  );
  const matched = new Set<number>();
  for (let other = 1; other < others.areas.length; other++) {
    const of = (segment: number) => overlaps[other * segments.areas.length + segment];
    const iouWith = (segment: number) => of(segment) / (segments.areas[segment] + others.areas[other] - of(segment) - of(VOID));
    const category = counts[others.categories[other]];
    const match = segments.categories.findIndex((id, segment) => segment !== VOID && id === others.categories[other] && iouWith(segment) > 0.5);
    if (match > VOID) {
      matched.add(match);
      category.matched++;
      category.iouSum += iouWith(match);
    } else if (of(VOID) <= others.areas[other] / 2) category.onlyPredicted++;
  }
  for (let segment = 1; segment < segments.areas.length; segment++) if (!matched.has(segment)) counts[segments.categories[segment]].onlyTrue++;
  return counts;
}

/** Number of the segment of all void pixels; it is always there. */
const VOID = 0;

/** The segments of a map, numbered from 1, and the number of each pixel's. */
type Segments = { ofPixel: Int32Array; areas: number[]; categories: number[] };

function segmentsOf({ categories, instances }: PanopticMap, { things, stuff }: PanopticCategories): Segments {
  const [isThing, isStuff] = [new Set(things), new Set(stuff)];
  const found: Segments = { ofPixel: new Int32Array(categories.length), areas: [0], categories: [-1] };
  const numbers = new Map<number, number>();
  for (let i = 0; i < categories.length; i++) {
    const category = categories[i];
    const known = isThing.has(category) || isStuff.has(category);
    const key = category * 2 ** 26 + (isThing.has(category) ? instances[i] : 0); // COCO's instance numbers have 24 bits
    let number = known ? numbers.get(key) : VOID;
    if (number === undefined) {
      number = found.areas.push(0) - 1;
      numbers.set(key, number);
      found.categories.push(category);
    }
    found.ofPixel[i] = number;
    found.areas[number]++;
  }
  return found;
}

function overlapsOf(truth: Segments, prediction: Segments): Float64Array {
  const overlaps = new Float64Array(prediction.areas.length * truth.areas.length);
  for (let i = 0; i < truth.ofPixel.length; i++) overlaps[prediction.ofPixel[i] * truth.areas.length + truth.ofPixel[i]]++;
  return overlaps;
}

/** Panoptic, segmentation and recognition quality, 0 to 1. */
export type PanopticFigures = { pq: number; sq: number; rq: number };

/**
 * `sq` = mean IoU of the matches, `rq` = matches / (matches + half of all unmatched), `pq = sq rq`, per category and as
 * their mean over the categories that occur; a category that does not occur has NaN.
 */
export function panopticQuality(counts: PanopticCounts): PanopticFigures & { perCategory: Record<number, PanopticFigures> } {
  const perCategory = Object.fromEntries(
    Object.entries(counts).map(([id, { matched, onlyPredicted, onlyTrue, iouSum }]): [string, PanopticFigures] => {
      const segments = matched + (onlyPredicted + onlyTrue) / 2;
      const sq = segments > 0 && matched === 0 ? 0 : iouSum / matched;
      return [id, { pq: iouSum / segments, sq, rq: matched / segments }];
    }),
  );
  const there = Object.values(perCategory).filter(({ pq }) => !Number.isNaN(pq));
  const mean = (name: keyof PanopticFigures): number => there.reduce((sum, figures) => sum + figures[name], 0) / there.length;
  return { pq: mean("pq"), sq: mean("sq"), rq: mean("rq"), perCategory };
}
