import * as tf from "@tensorflow/tfjs-core";
import { disposeSaved, type Tape, type TapeNode } from "./tape.ts";

type Gradients = Map<number, tf.Tensor>;

/**
 * Hands the gradient of `sum(y * dy)` with respect to each source of the tape of `y` to `take`, by tensor id, as soon
 * as it is final: when the pass is through with the operation that read the source first. A source that `y` does not
 * depend on has `undefined`, told before all others.
 *
 * What `take` is given is its own to dispose, also where it throws. The pass frees as it goes: at the start whatever was
 * saved off the path to `y`, after each operation its saved tensors and the gradients of its outputs. It uses the tape
 * and `dy` up. Of `y` only the id is read: it may be disposed.
 */
export function reversePass(
  where: string,
  y: tf.Tensor,
  dy: tf.Tensor,
  tape: Tape,
  take: (id: number, gradient: tf.Tensor | undefined) => void,
): void {
  const path = pathTo(y, tape);
  const firstReaders = firstReadersIn(path, tape);
  const gradients: Gradients = new Map();
  if (tape.dependent.has(y.id)) gradients.set(y.id, dy);
  else dy.dispose();
  const handOver = (id: number) => {
    const gradient = gradients.get(id);
    gradients.delete(id);
    take(id, gradient);
  };
  try {
    for (const id of tape.sources) if (!firstReaders.has(id)) handOver(id); // of these only `y` itself has a gradient
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      stepBack(where, node, tape.dependent, gradients);
      disposeSaved(node);
      path.pop();
      for (const id of idsReadBy(node)) if (firstReaders.get(id) === node && gradients.has(id)) handOver(id);
    }
  } catch (error) {
    path.forEach(disposeSaved);
    for (const gradient of gradients.values()) gradient.dispose();
    throw error;
  }
}

/** The operations between the sources and `y`, in order; disposes what the others saved. */
function pathTo(y: tf.Tensor, { nodes, dependent }: Tape): TapeNode[] {
  const needed = new Set([y.id]);
  const path: TapeNode[] = [];
  for (const node of nodes.toReversed()) {
    const inputs = Object.values(node.inputs).filter(({ id }) => dependent.has(id));
    if (inputs.length > 0 && node.outputs.some(({ id }) => needed.has(id))) {
      for (const { id } of inputs) needed.add(id);
      path.push(node);
    } else disposeSaved(node);
  }
  return path.reverse();
}

/** The operation that reads a source first, for each source that any reads: on the way back it is the last. */
function firstReadersIn(path: readonly TapeNode[], { sources }: Tape): Map<number, TapeNode> {
  const readers = new Map<number, TapeNode>();
  for (const node of path.toReversed()) for (const id of idsReadBy(node)) if (sources.has(id)) readers.set(id, node);
  return readers;
}

function idsReadBy({ inputs }: TapeNode): number[] {
  return Object.values(inputs).map(({ id }) => id);
}

/** Turns the gradients of a node's outputs into those of its inputs, and disposes the former. */
function stepBack(where: string, node: TapeNode, dependent: ReadonlySet<number>, gradients: Gradients): void {
  const ofOutputs = node.outputs.map(({ id }) => {
    const gradient = gradients.get(id);
    gradients.delete(id);
    return gradient;
  });
  try {
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => dependent.has(id));
    const ofInputs = tf.tidy(() => gradientsOfInputs(where, node, inputs, ofOutputs));
    for (const [index, [, { id }]] of inputs.entries()) accumulate(gradients, id, ofInputs[index]);
  } finally {
    for (const gradient of ofOutputs) gradient?.dispose();
  }
}

/** One gradient per input, each a tensor that nobody else holds. */
function gradientsOfInputs(
  where: string,
  node: TapeNode,
  inputs: readonly [name: string, input: tf.Tensor][],
  ofOutputs: (tf.Tensor | undefined)[],
): tf.Tensor[] {
  if (node.gradient === undefined) {
    throw new Error(
      `${where}: expected operations with a gradient, got ${node.kernelName}, which has none. ` +
        `Register the gradients (useEngine does), or wrap the operation in tf.customGrad.`,
    );
  }
  // Tensor ids only grow: what the gradient function creates has a larger one than this.
  const lastId = tf.scalar(0).id;
  const make = node.gradient(ofOutputs);
  const taken = new Set<number>();
  return inputs.map(([name, input]) => {
    const gradient = tf.tidy(make[name]);
    if (!tf.util.arraysEqual(gradient.shape, input.shape)) {
      throw new Error(
        `${where}: expected a gradient of shape [${input.shape}] for input "${name}" of ${node.kernelName}, ` +
          `got [${gradient.shape}]. Correct its gradient function.`,
      );
    }
    // A gradient function may return what it was given, a constant of its own, or one tensor twice.
    const ours = gradient.id > lastId && !gradient.kept && !taken.has(gradient.id);
    taken.add(gradient.id);
    return ours ? gradient : tf.clone(gradient);
  });
}

/** Adds a gradient to what has come in for the same tensor; takes both over. */
function accumulate(gradients: Gradients, id: number, gradient: tf.Tensor): void {
  const sofar = gradients.get(id);
  gradients.set(id, sofar === undefined ? gradient : tf.add(sofar, gradient));
  if (sofar !== undefined) tf.dispose([sofar, gradient]);
}
