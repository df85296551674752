import * as tf from "@tensorflow/tfjs-core";
import { reversePass } from "./reverse.ts";
import { type PathFilter, selectLeaves } from "./select.ts";
import { record } from "./tape.ts";
import { leaves, mapLeaves, type ParamTree } from "./tree.ts";

/** What a differentiated function returns: the loss, or the loss and further named tensors. */
export type Outputs = tf.Scalar | { loss: tf.Scalar };

/** Gets the gradient of the leaf at a path, its own to dispose; `undefined` where the loss does not depend on the leaf. */
export type TakeGradient = (path: string, gradient: tf.Tensor | undefined) => void;

const WHERE = "valueAndGradients(f)";

/**
 * The outputs of `f(params)` and the gradient of its loss with respect to every leaf; zeros where the
 * loss does not depend on a leaf.
 *
 * With `select`, the leaves that it refuses are constants: they have no gradient, and nothing is
 * remembered for them. The memory peak is below that of tf.grads: the reverse pass disposes what an
 * operation saved, and the gradients that it used up, as soon as it is through with the operation.
 *
 * @param f is synchronous and runs once, in a tidy: only what it returns survives
 * @returns outputs and gradients, both the caller's to dispose
 * @throws where the loss is no float32 scalar, or an operation on its way has no gradient
 */
export function valueAndGradients<P extends ParamTree, Value extends Outputs>(
  f: (params: P) => Value,
  params: P,
): { value: Value; gradients: P };
export function valueAndGradients<P extends ParamTree, Value extends Outputs>(
  f: (params: P) => Value,
  params: P,
  select: PathFilter,
): { value: Value; gradients: ParamTree };
export function valueAndGradients<P extends ParamTree, Value extends Outputs>(
  f: (params: P) => Value,
  params: P,
  select: PathFilter = () => true,
): { value: Value; gradients: ParamTree } {
  const found = new Map<string, tf.Tensor | undefined>();
  try {
    const value = valueAndEachGradient(f, params, (path, gradient) => found.set(path, gradient), select);
    const selected = selectLeaves(params, select);
    return { value, gradients: mapLeaves(selected, (tensor, path) => found.get(path) ?? tf.zerosLike(tensor)) };
  } catch (error) {
    for (const gradient of found.values()) gradient?.dispose();
    throw error;
  }
}

/**
 * The outputs of `f(params)`; the gradients go to `take` one by one, each as soon as it is final: when the reverse pass is
 * through with the first operation that read the leaf. So whoever takes them can send them off, or free them, while the
 * pass goes on. They are those of `valueAndGradients`, which is this and a tree to keep them in.
 *
 * @param take is called once per leaf: at first, before the pass, with `undefined` for those that the loss does not depend
 * on, then in an order that follows from `f`. An error that it throws ends the pass
 * @param select the leaves that it refuses are constants, which `take` never hears of
 * @returns outputs, the caller's to dispose
 * @throws as valueAndGradients does; what `take` was given before stays its own
 */
export function valueAndEachGradient<P extends ParamTree, Value extends Outputs>(
  f: (params: P) => Value,
  params: P,
  take: TakeGradient,
  select: PathFilter = () => true,
): Value {
  const selected = selectLeaves(params, select);
  const pathOf = pathsOf(selected);
  const sources = leaves(selected).map(({ tensor }) => tensor);
  const { result: value, tape } = record(WHERE, () => checkOutputs(f(params)), sources);
  try {
    const loss = lossOf(value);
    reversePass(WHERE, loss, tf.onesLike(loss), tape, (id, gradient) => take(pathOf.get(id)!, gradient));
    return value;
  } catch (error) {
    tf.dispose(value);
    throw error;
  }
}

/** The path of each leaf by the id of its tensor. */
function pathsOf(tree: ParamTree): Map<number, string> {
  const pathOf = new Map<number, string>();
  for (const { path, tensor } of leaves(tree)) {
    const other = pathOf.get(tensor.id);
    if (other !== undefined) {
      throw new Error(
        `valueAndGradients(params): expected a tensor of its own at each leaf, got one tensor at "${other}" and "${path}". ` +
          `Keep one leaf and use it twice in f.`,
      );
    }
    pathOf.set(tensor.id, path);
  }
  return pathOf;
}

function lossOf(outputs: Outputs): tf.Scalar {
  return outputs instanceof tf.Tensor ? outputs : outputs.loss;
}

function checkOutputs<Value extends Outputs>(outputs: Value): Value {
  const loss: unknown = outputs === undefined ? undefined : lossOf(outputs);
  const got = loss instanceof tf.Tensor ? `${loss.dtype} of shape [${loss.shape}]` : String(loss);
  if (got !== "float32 of shape []") {
    throw new Error(`${WHERE}: expected a loss that is float32 of shape [], got ${got}. Reduce it with tf.mean or tf.sum.`);
  }
  return outputs;
}
