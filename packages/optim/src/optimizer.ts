import * as tf from "@tensorflow/tfjs-core";
import { leaves, mapLeaves, type ParamTree, type PathFilter, type TakeGradient } from "@flexivit/params";
import { freshSlots, groupByLeaf, requireSlots, type Slots, type SlotShapes } from "./slots.ts";

/** One leaf before its update; parameter and gradient have one shape, the slots those that the optimiser names. */
export type LeafState = { path: string; param: tf.Tensor; gradient: tf.Tensor; slots: Slots };

/**
 * What all leaves of one update share.
 *
 * - `count`: updates made before this one, from 0; the argument of schedules
 * - `schedule`: factor on the learning rate at this count
 * - `gradientScale`: factor on every gradient, as from `clipByGlobalNorm`; 1 where absent
 */
export type Step = { count: number; schedule: number; gradientScale?: tf.Scalar | number };

/**
 * An optimiser as data: the shapes of the slots of a leaf, which start at zero, and a pure function from a leaf to the
 * next one.
 *
 * `slots` is asked for every leaf before any is updated: it throws where the optimiser can't go on with a leaf.
 * `update` disposes nothing; it may hand back an input that it leaves as it is.
 */
export type Optimizer = {
  name: string;
  learningRate: number;
  slots: (shape: readonly number[], path: string) => SlotShapes;
  update: (leaf: LeafState, step: Step) => { param: tf.Tensor; slots: Slots };
};

/** Parameters and, by path, what the optimiser remembers about them; `slots` starts as `{}`. */
export type Trained<P extends ParamTree> = { params: P; slots: ParamTree };

/**
 * Updates every leaf that has a gradient and returns the new state. TAKES the old one: old parameters, old slots and
 * gradients are disposed leaf by leaf, so that no second copy of the tree ever exists. Use only what it returns.
 *
 * A leaf whose gradient is absent (`undefined` in the tree) stays as it is: that is how a subtree is frozen. A leaf
 * without slots gets them at its first update.
 *
 * @param state the only holder of its tensors: an average of the parameters must own copies (`tf.clone`)
 * @param gradients tree with the structure of the parameters, or a part of it
 * @throws where a gradient has no parameter or another shape, or slots are another optimiser's; nothing is disposed then
 */
export function applyUpdates<P extends ParamTree>(
  optimizer: Optimizer,
  state: Trained<P>,
  gradients: ParamTree,
  step: Step,
): Trained<P> {
  const gradientOf = byPath(gradients);
  const paramOf = byPath(state.params);
  for (const [path, gradient] of gradientOf) requireFits("applyUpdates(gradients)", path, gradient, paramOf.get(path));
  const updates = updatesAsTheyCome(optimizer, state, step, (path) => gradientOf.has(path));
  for (const [path, gradient] of gradientOf) updates.take(path, gradient);
  return updates.finish();
}

/** An update of which some leaves are done. */
export type UpdatesUnderWay<P extends ParamTree> = {
  /** Updates the leaf; `undefined` stands for a gradient of zeros. TAKES the gradient. */
  take: TakeGradient;
  /** The new state; leaves that had no gradient are as they were. */
  finish: () => Trained<P>;
};

/**
 * `applyUpdates` for gradients that come one by one, as `valueAndEachGradient` hands them over: a leaf is updated as soon as its
 * gradient is final, in the midst of the backward pass, so a tree of gradients never exists. TAKES the old state: its leaves are
 * disposed one after the other, and after an error in the middle there is no whole state, old or new.
 *
 * What needs all gradients at once is given up: a norm to clip by, a step that is not made since one of them is not finite,
 * a sum over several parts or ranks.
 *
 * @param trained the leaves that will have a gradient
 * @throws where the slots are another optimiser's, before anything is disposed; `take` where a gradient does not fit its leaf
 */
export function updatesAsTheyCome<P extends ParamTree>(
  optimizer: Optimizer,
  state: Trained<P>,
  step: Step,
  trained: PathFilter = () => true,
): UpdatesUnderWay<P> {
  const paramOf = byPath(state.params);
  const slotsOf = groupByLeaf(state.slots);
  const shapesOf = new Map(Array.from(paramOf).filter(([path]) => trained(path)).map(([path, { shape }]) => [path, optimizer.slots(shape, path)]));
  requireSlots(optimizer.name, slotsOf, shapesOf);
  return {
    take(path, given) {
      const param = paramOf.get(path)!;
      if (given) requireFits("updatesAsTheyCome(take)", path, given, param);
      const gradient = given ?? tf.zerosLike(param);
      const slots = slotsOf.get(path) ?? freshSlots(shapesOf.get(path) ?? {});
      const next = updateLeaf(optimizer, { path, param, gradient, slots }, step);
      paramOf.set(path, next.param);
      slotsOf.set(path, next.slots);
    },
    finish: () => ({ params: mapLeaves(state.params, (_, path) => paramOf.get(path)!), slots: Object.fromEntries(slotsOf) }),
  };
}

function byPath(tree: ParamTree): Map<string, tf.Tensor> {
  return new Map(leaves(tree).map(({ path, tensor }) => [path, tensor]));
}

/** The gradient times the scale of a step; no copy where there is nothing to multiply. */
export function scaled(gradient: tf.Tensor, scale: tf.Scalar | number = 1): tf.Tensor {
  return scale === 1 ? gradient : tf.mul(gradient, scale);
}

/** The next leaf; frees the old one. */
function updateLeaf(optimizer: Optimizer, leaf: LeafState, step: Step): { param: tf.Tensor; slots: Slots } {
  const next = tf.tidy(() => optimizer.update(leaf, step));
  const kept = new Set([next.param, ...Object.values(next.slots)]);
  for (const tensor of [leaf.param, leaf.gradient, ...Object.values(leaf.slots)]) {
    if (!kept.has(tensor)) tensor.dispose();
  }
  return next;
}

function requireFits(where: string, path: string, gradient: tf.Tensor, param: tf.Tensor | undefined): void {
  if (param && String(param.shape) === String(gradient.shape)) return;
  const expected = param ? `shape [${param.shape.join(", ")}]` : "a path of the parameters";
  throw new Error(
    `${where}: expected ${expected}, got [${gradient.shape.join(", ")}] at "${path}". ` +
      "Differentiate with respect to these parameters.",
  );
}
