import type { HeadConfigs, HeadTask, LossOptions } from "./tasks/task-model.ts";

/** What `--loss-weights` says: the weight of each term by its name. */
export type LossWeights = Readonly<Record<string, number>>;

/** What `--help` says of the terms, with the weights that they have where nothing is said. */
export const lossWeightsHelp: string =
  "weights of terms of the loss, where not to classify; detect: class=1 (2 with the focal objective), l1=5, giou=2, which count in the matching too, mask=1, dice=1, empty=0.1 for boxes that are to find nothing; segment: dice=0 beside cross-entropy; depth: depth=1, normals=1";

/** Per task, the terms of a head's loss that have a weight of their own. */
const termsOf: { readonly [T in HeadTask]: (head: HeadConfigs[T]) => string[] } = {
  detect: ({ masks, objective }) => ["class", "l1", "giou", ...(masks ? ["mask", "dice"] : []), ...(objective === "softmax" ? ["empty"] : [])],
  segment: () => ["dice"],
  depth: ({ depth, normals }) => [...(depth ? ["depth"] : []), ...(normals ? ["normals"] : [])],
};

/** Per task, the weights as options of the loss. */
const optionsOf: { readonly [T in HeadTask]: (weights: LossWeights) => LossOptions[T] } = {
  detect: ({ empty, ...weights }) => ({ ...(Object.keys(weights).length > 0 && { weights }), ...(empty !== undefined && { noObjectWeight: empty }) }),
  segment: ({ dice }) => ({ dice }),
  depth: (weights) => Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, { weight }])),
};

/**
 * The options of a head's loss that `--loss-weights` asks for.
 *
 * @throws where the head's loss has no such term, naming those that it has
 */
export function lossOptionsOf<T extends HeadTask>(task: T, head: HeadConfigs[T], weights: LossWeights): LossOptions[T] {
  const terms = termsOf[task](head);
  const other = Object.keys(weights).find((name) => !terms.includes(name));
  if (other === undefined) return optionsOf[task](weights);
  throw new Error(`train(--loss-weights): expected one of ${terms.join(", ")}, as this head has, got "${other}". Correct its name or leave it out.`);
}
