import * as tf from "@tensorflow/tfjs-core";
import { reversePass } from "./reverse.ts";
import { gradientMayReach, isNestedGradient, record } from "./tape.ts";
import { leaves, mapLeaves, type ParamTree } from "./tree.ts";

const WHERE = "checkpointed(f)";

/** What `f` is told about a run of it. */
export type BlockPass = {
  /** Only the gradient of this run is taken and nobody reads its value: whatever the gradient does not need may be left out. */
  gradientOnly: boolean;
};

type Block<P, X, Y> = (params: P, x: X, pass: BlockPass) => Y;

const first: BlockPass = { gradientOnly: false };
const again: BlockPass = { gradientOnly: true };

/**
 * `f(params, x)`, of which a gradient remembers `params` and `x` only: the backward pass runs `f` again and
 * differentiates that run. One more forward pass buys the memory of all that `f` would have kept.
 *
 * Value and gradients are those of `f(params, x)` to the bit; only where a tensor is read inside and outside of `f` do
 * its gradients add up in another order. Where several blocks follow each other, checkpoint each: then only the tensors
 * between them and the inside of one block are held. In a gradient inside of another gradient, `f` runs as it is.
 *
 * @param f a pure function of params and x, which takes no gradient itself. Whatever else it reads (a mask, say)
 * must outlive the backward pass, so pass it within `x`; draws must come out the same the second time. Its third argument
 * says when the value of a run is not read: then any tensor of its shape will do, if it has the same gradient
 * @param params a tree; leaves that a selection froze have no gradient here either
 * @param x a tensor or a tree of them; those that are not float32 are constants
 * @throws where `f` returns anything but a tensor
 * Source: Chen et al., "Training deep nets with sublinear memory cost", arXiv 1604.06174.
 */
export function checkpointed<P extends ParamTree, X extends ParamTree, Y extends tf.Tensor>(
  f: Block<P, X, Y>,
  params: P,
  x: X,
): Y {
  const inputs = leaves([params, x]).map(({ tensor }) => tensor);
  const differentiated = inputs.map((tensor) => tensor.dtype === "float32" && gradientMayReach(tensor));
  if (isNestedGradient()) return tf.tidy(() => outputOf(f, params, x, first));
  const operation = tf.customGrad<Y>((...arguments_) => {
    const value = outputOf(f, params, x, first);
    const save = arguments_.at(-1) as (tensors: tf.Tensor[]) => void;
    save(inputs);
    return {
      value,
      gradFunc: (dy: Y, saved: tf.Tensor[]) => tf.tidy(() => gradientsAgain(f, [params, x], saved, differentiated, dy)),
    };
  });
  return operation(...inputs.filter((_, index) => differentiated[index]));
}

/** Runs `f` on what was saved, this time recording, and takes the gradient from there. */
function gradientsAgain<P extends ParamTree, X extends ParamTree, Y extends tf.Tensor>(
  f: Block<P, X, Y>,
  like: readonly [P, X],
  saved: readonly tf.Tensor[],
  differentiated: readonly boolean[],
  dy: Y,
): tf.Tensor[] {
  let next = 0;
  const [params, x] = mapLeaves(like, () => saved[next++]);
  const sources = saved.filter((_, index) => differentiated[index]);
  const { result: y, tape } = record(WHERE, () => outputOf(f, params, x, again), sources);
  y.dispose();
  const byId = new Map<number, tf.Tensor | undefined>();
  reversePass(WHERE, y, tf.clone(dy), tape, (id, gradient) => byId.set(id, gradient));
  return sources.map((source) => byId.get(source.id) ?? tf.zerosLike(source));
}

/** A tensor of its own, also where `f` hands back what it was given. */
function outputOf<P, X, Y extends tf.Tensor>(f: Block<P, X, Y>, params: P, x: X, pass: BlockPass): Y {
  const y: unknown = f(params, x, pass);
  if (y instanceof tf.Tensor) return tf.clone(y as Y);
  const got = Array.isArray(y) ? "an array" : typeof y === "object" ? "an object" : String(y);
  throw new Error(`${WHERE}: expected a function that returns one tensor, got ${got}. Join several with tf.concat or tf.stack.`);
}
