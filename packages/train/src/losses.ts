import type { PatchScheme } from "@flexivit/patch-schemes";
import { alone, type Communicator } from "@flexivit/parallel";
import { mapLeaves, selectLeaves, valueAndEachGradient, type ParamTree, type PathFilter, type TakeGradient } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";
import { gradientSums } from "./gradient-sums.ts";
import { sumNumbers } from "./over-ranks.ts";

/** What a loss function returns: the loss that is minimised, and any further named scalars to log beside it. */
export type Losses = { loss: tf.Scalar } & { [term: string]: tf.Scalar };

/** What a loss function may depend on beside weights and batch. */
export type StepContext = {
  /** Steps done before this one. */
  step: number;
  /** The part of the batch, from 0; what is drawn anew for each part depends on it too. */
  part: number;
  /** Patch size and stride of this step. */
  scheme: PatchScheme;
  seed: number;
};

/** A batch of tensors under names of your own, such as `{ images, targets }`; the first axis of each counts its examples. */
export type TensorBatch = { [name: string]: tf.Tensor };

/** A loss of weights and a batch, as a mean over the batch. It sees no model: whatever network gives features will do. */
export type LossFunction<P extends ParamTree, B extends TensorBatch> = (params: P, batch: B, context: StepContext) => Losses;

/** A function that loads one part of a batch, and which part that is. */
export type BatchPart<B extends TensorBatch> = { part: number; load: () => Promise<B> };

type LossesAndGradients = { terms: Record<string, number>; gradients: ParamTree; images: number };

/** What was found on the way: sums over the parts so far. */
type Totals = { terms: Record<string, number>; images: number };

/**
 * The losses of a step and their gradients, averaged over the parts of the batch, those of all ranks together.
 *
 * Of several ranks each begins to sum its gradients with the others' during the backward pass of its last part.
 *
 * @param parts those of this rank, at least one; a part's tensors are freed before the next is loaded
 * @param trained leaves that have a gradient; the others are constants
 * @returns the mean of each named loss, the mean gradients, and the number of images; the same on every rank
 * @throws where the parts are not equally large: their mean would not be that of the batch
 */
export async function lossesAndGradients<P extends ParamTree, B extends TensorBatch>(
  params: P,
  loss: LossFunction<P, B>,
  context: Omit<StepContext, "part">,
  parts: readonly BatchPart<B>[],
  trained: PathFilter = () => true,
  communicator: Communicator = alone,
): Promise<LossesAndGradients> {
  const earlier = new Map<string, tf.Tensor>();
  const sums = gradientSums(selectLeaves(params, trained), communicator);
  let totals: Totals = { terms: {}, images: 0 };
  try {
    for (const [index, { part, load }] of parts.entries()) {
      const batch = await load();
      const images = imagesOf(batch, part, index === 0 ? undefined : totals.images / index);
      const take: TakeGradient = index < parts.length - 1 ? (path, gradient) => void (gradient && earlier.set(path, gradient)) : sums.take;
      const value = differentiate(params, loss, batch, { ...context, part }, withEarlier(earlier, take), trained);
      totals = sum(totals, { terms: await numbers(value), images });
    }
    const { terms, images, parts: all } = await overRanks(totals, parts.length, communicator);
    return mean({ terms, gradients: await sums.finish(), images }, all);
  } catch (error) {
    sums.dispose();
    tf.dispose([...earlier.values()]);
    throw error;
  }
}

/** Adds what earlier parts had to each gradient; TAKES both. */
function withEarlier(earlier: Map<string, tf.Tensor>, take: TakeGradient): TakeGradient {
  return (path, gradient) => {
    const before = earlier.get(path);
    earlier.delete(path);
    take(path, before && gradient ? freeing([before, gradient], tf.add(before, gradient)) : (before ?? gradient));
  };
}

/** The sums of all ranks, and the number of their parts. */
async function overRanks({ terms, images }: Totals, parts: number, communicator: Communicator): Promise<Totals & { parts: number }> {
  const { "/images": allImages, "/parts": allParts, ...sums } = await sumNumbers({ ...terms, "/images": images, "/parts": parts }, communicator);
  if (images * allParts !== allImages * parts) throw unequal(`${images / parts} images in each part of a rank`, `${allImages} in ${allParts} parts`);
  return { terms: sums, images: allImages, parts: allParts };
}

function imagesOf(batch: TensorBatch, part: number, before: number | undefined): number {
  const images = Object.values(batch)[0]?.shape[0] ?? 0;
  if (before === undefined || images === before) return images;
  tf.dispose(batch);
  throw unequal(`${before} images in part ${part}, as in the parts before it`, `${images}`);
}

function unequal(expected: string, got: string): Error {
  return new Error(`train(batch): expected ${expected}, got ${got}. Split a batch into equal parts.`);
}

function differentiate<P extends ParamTree, B extends TensorBatch>(
  params: P,
  loss: LossFunction<P, B>,
  batch: B,
  context: StepContext,
  take: TakeGradient,
  trained: PathFilter,
): Losses {
  try {
    return valueAndEachGradient((weights) => loss(weights, batch, context), params, take, trained);
  } finally {
    tf.dispose(batch);
  }
}

async function numbers(losses: Losses): Promise<Record<string, number>> {
  const names = Object.keys(losses);
  const values = await Promise.all(names.map(async (name) => (await losses[name].data())[0]));
  tf.dispose(losses);
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

function sum(a: Totals, b: Totals): Totals {
  const terms = Object.fromEntries(Object.entries(b.terms).map(([name, value]) => [name, (a.terms[name] ?? 0) + value]));
  return { terms, images: a.images + b.images };
}

/** Takes the gradients: they are freed leaf by leaf, so that no second copy of the tree ever exists. */
function mean(total: LossesAndGradients, parts: number): LossesAndGradients {
  if (parts === 1) return total;
  const gradients = mapLeaves(total.gradients, (gradient) => freeing([gradient], tf.div(gradient, parts)));
  const terms = Object.fromEntries(Object.entries(total.terms).map(([name, value]) => [name, value / parts]));
  return { terms, gradients, images: total.images };
}

function freeing(used: tf.Tensor[], result: tf.Tensor): tf.Tensor {
  tf.dispose(used);
  return result;
}
