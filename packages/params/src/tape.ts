import * as tf from "@tensorflow/tfjs-core";

/** One recorded operation: the fields of the engine's tape node that the reverse pass needs. */
export type TapeNode = {
  kernelName: string;
  inputs: { [name: string]: tf.Tensor };
  outputs: tf.Tensor[];
  /** The gradient of each input as a function, given those of the outputs. Absent where the kernel has none. */
  gradient?: (outputGradients: (tf.Tensor | undefined)[]) => { [name: string]: () => tf.Tensor };
  /** Tensors that the gradient needs. They are outside of every tidy: whoever drops the node disposes them. */
  saved: tf.Tensor[];
};

/** What tf.engine() has but does not declare public. */
type RecordingEngine = {
  state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
  startTape(): void;
  endTape(): void;
};

/** Operations in their order; ids of the sources, and of all tensors that depend on them (the sources too). */
export type Tape = { nodes: TapeNode[]; sources: ReadonlySet<number>; dependent: Set<number> };

/** The tape that an array of the engine's belongs to. */
const tapeOf = new WeakMap<TapeNode[], Tape>();

/**
 * Runs `f` in a tidy and records the operations that depend on the sources.
 *
 * What an operation saved for its gradient is disposed at once if nothing it reads depends on a
 * source, so a frozen part or a teacher inside `f` needs no more memory than outside of it. If `f`
 * throws, everything saved is disposed and the engine no longer records.
 *
 * @throws inside of another gradient or of a custom operation, where the engine would record nothing
 */
export function record<T extends tf.TensorContainer>(
  where: string,
  f: () => T,
  sources: readonly tf.Tensor[],
): { result: T; tape: Tape } {
  const engine = tf.engine() as unknown as RecordingEngine;
  if (engine.state.gradientDepth > 0 || engine.state.kernelDepth > 0) {
    throw new Error(`${where}: expected a call outside of any gradient, got one from inside. Use tf.grads there.`);
  }
  const ids = sources.map(({ id }) => id);
  const tape: Tape = { nodes: [], sources: new Set(ids), dependent: new Set(ids) };
  // Not null in the backward pass of tf.grads, which frees what is on it at its end.
  const outer = engine.state.activeTape;
  engine.startTape();
  engine.state.activeTape = filterPushes(tape, engine);
  try {
    return { result: tf.tidy(f), tape };
  } catch (error) {
    tape.nodes.forEach(disposeSaved);
    throw error;
  } finally {
    engine.endTape();
    engine.state.activeTape = outer;
  }
}

/** Whether the gradient now recorded may ask for that of a tensor. Other tapes than ours do not say; then it may. */
export function gradientMayReach({ id }: tf.Tensor): boolean {
  const { activeTape } = (tf.engine() as unknown as RecordingEngine).state;
  const tape = activeTape && tapeOf.get(activeTape);
  return tape ? tape.dependent.has(id) : true;
}

/** Whether a gradient is being taken inside of another one. */
export function isNestedGradient(): boolean {
  return (tf.engine() as unknown as RecordingEngine).state.gradientDepth > 1;
}

export function disposeSaved(node: TapeNode): void {
  tf.dispose(node.saved);
  node.saved = [];
}

/** The tape's array, which the engine pushes to, made to keep only nodes that depend on the sources. */
function filterPushes(tape: Tape, engine: RecordingEngine): TapeNode[] {
  const { nodes, dependent } = tape;
  tapeOf.set(nodes, tape);
  nodes.push = (node: TapeNode) => {
    const depends = Object.values(node.inputs).some(({ id }) => dependent.has(id));
    if (depends) for (const { id } of node.outputs) dependent.add(id);
    // Deeper than 1, `f` takes a gradient itself, maybe with respect to tensors that are no sources.
    if (depends || engine.state.gradientDepth > 1) nodes[nodes.length] = node;
    else disposeSaved(node);
    return nodes.length;
  };
  return nodes;
}
