import type { PanopticCategories } from "./panoptic-quality.ts";

/** One found thing: 1 where it is. */
export type PanopticInstance = { category: number; score: number; /** [pixels], 1 or 0. */ mask: ArrayLike<number> };

export type MergeOptions = PanopticCategories & {
  /** Category of pixels that no segment takes, neither thing nor stuff; 255 unless given. */
  voidCategory?: number;
  /** A thing whose mask is hidden by better ones to more than this share is dropped; 0.5 unless given. */
  mostHidden?: number;
  /** Stuff of fewer pixels is dropped; 0 unless given. */
  leastStuffPixels?: number;
};

/**
 * One category and instance per pixel from a semantic map and found things: the things with the highest scores come first,
 * each takes the pixels that are still free, stuff takes what is left.
 *
 * @param labels [pixels]: semantic classes of the pixels
 * @param instances found things, in any order
 * @returns [pixels] each: categories, and instances from 1 in the order of scores, 0 for stuff
 * @throws where a mask has another number of pixels, a category is no thing, or that of void is thing or stuff.
 * Source: A. Kirillov et al., "Panoptic segmentation", arXiv 1801.00868, section 7.
 */
export function mergePanoptic(
  labels: ArrayLike<number>,
  instances: readonly PanopticInstance[],
  { things, stuff, voidCategory = 255, mostHidden = 0.5, leastStuffPixels = 0 }: MergeOptions,
): { categories: Int32Array; instances: Int32Array } {
  if (things.includes(voidCategory) || stuff.includes(voidCategory)) {
    throw new Error(`mergePanoptic(voidCategory): expected a number that is neither thing nor stuff, got ${voidCategory}. Give another one, such as -1.`);
  }
  const categories = new Int32Array(labels.length).fill(voidCategory);
  const numbers = new Int32Array(labels.length);
  let count = 0;
  for (const { category, mask } of instances.toSorted((a, b) => b.score - a.score)) {
    if (mask.length !== labels.length || !things.includes(category)) {
      const got = `${mask.length} pixels of category ${category}`;
      throw new Error(`mergePanoptic(instances): expected masks of ${labels.length} pixels of a category of ${things.join(", ")}, got ${got}. Resize the mask or list the category in things.`);
    }
    const free: number[] = [];
    let area = 0;
    for (let i = 0; i < mask.length; i++) {
      if (!(mask[i] > 0)) continue;
      area++;
      if (numbers[i] === 0) free.push(i);
    }
    if (free.length === 0 || free.length < (1 - mostHidden) * area) continue;
    count++;
    for (const i of free) [categories[i], numbers[i]] = [category, count];
  }
  const areas = new Map<number, number>(stuff.map((category) => [category, 0]));
  const isFreeStuff = (i: number) => numbers[i] === 0 && areas.has(labels[i]);
  for (let i = 0; i < labels.length; i++) if (isFreeStuff(i)) areas.set(labels[i], areas.get(labels[i])! + 1);
  for (let i = 0; i < labels.length; i++) if (isFreeStuff(i) && areas.get(labels[i])! >= leastStuffPixels) categories[i] = labels[i];
  return { categories, instances: numbers };
}
