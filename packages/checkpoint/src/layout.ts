import * as tf from "@tensorflow/tfjs-core";

export type Shape = readonly number[];

/**
 * How weights of ours lie in one entry of a file of another origin.
 *
 * - `same`: as they are.
 * - `linear`: PyTorch's order of axes, kernel [in, out] as [out, in]; several leaves are joined along `out`.
 * - `image`: PyTorch's order for a kernel over pixels, [height, width, in, out] as [out, in, height, width].
 * - `sequence`: rows of vectors, [..., dim] as [1, rows, dim]; several leaves one after the other.
 * - `to-heads`: the last axis split, [..., dim] as [..., heads, headDim]; `from-heads`: the first, [dim, out] as
 *   [heads, headDim, out].
 */
export type Layout = "same" | "linear" | "image" | "sequence" | "to-heads" | "from-heads";

type LayoutRules = {
  /** The shape in the file of leaves of these shapes. */
  stored: (ours: readonly Shape[], heads: number) => Shape;
  /** The shape of the one leaf that is stored in this shape. */
  ours: (stored: Shape) => Shape;
  /** Order of the axes of a leaf in the file. */
  order?: readonly number[];
};

const product = (shape: Shape): number => shape.reduce((size, length) => size * length, 1);
const sum = (lengths: readonly number[]): number => lengths.reduce((total, length) => total + length, 0);

const rules: Readonly<Record<Layout, LayoutRules>> = {
  same: { stored: ([shape]) => shape, ours: (stored) => stored },
  linear: {
    stored: (ours) => [sum(ours.map((shape) => shape.at(-1)!)), ...ours[0].slice(0, -1)],
    ours: (stored) => stored.toReversed(),
    order: [1, 0],
  },
  image: {
    stored: ([[height, width, from, to]]) => [to, from, height, width],
    ours: ([to, from, height, width]) => [height, width, from, to],
    order: [3, 2, 0, 1],
  },
  sequence: {
    stored: (ours) => [1, sum(ours.map((shape) => product(shape.slice(0, -1)))), ours[0].at(-1)!],
    ours: (stored) => stored.slice(1),
  },
  "to-heads": {
    stored: ([shape], heads) => [...shape.slice(0, -1), heads, shape.at(-1)! / heads],
    ours: (stored) => [...stored.slice(0, -2), product(stored.slice(-2))],
  },
  "from-heads": {
    stored: ([[dim, ...rest]], heads) => [heads, dim / heads, ...rest],
    ours: (stored) => [product(stored.slice(0, 2)), ...stored.slice(2)],
  },
};

/** The shape in the file of leaves of these shapes. */
export function storedShape(layout: Layout, ours: readonly Shape[], heads: number): Shape {
  return rules[layout].stored(ours, heads);
}

/** The shape of the leaf that an entry of this shape holds. */
export function leafShape(layout: Layout, stored: Shape): Shape {
  return rules[layout].ours(stored);
}

/** The leaves of these shapes out of an entry; bit for bit. */
export function leavesFromStored(layout: Layout, stored: tf.Tensor, ours: readonly Shape[]): tf.Tensor[] {
  return tf.tidy(() => {
    const joint = layout === "sequence" ? 1 : 0;
    const lengths = ours.map((shape) => (layout === "sequence" ? product(shape.slice(0, -1)) : shape.at(-1)!));
    const parts = ours.length === 1 ? [stored] : tf.split(stored, lengths, joint);
    return parts.map((part, index) => tf.clone(tf.reshape(inverseOrder(part, layout), [...ours[index]])));
  });
}

/** The entry that holds these leaves; bit for bit. */
export function storedFromLeaves(layout: Layout, leaves: readonly tf.Tensor[], heads: number): tf.Tensor {
  return tf.tidy(() => {
    const joint = layout === "sequence" ? 1 : 0;
    const shape = storedShape(layout, leaves.map((leaf) => leaf.shape), heads);
    const parts = leaves.map((leaf) => {
      const ordered = inOrder(leaf, layout);
      return layout === "sequence" ? tf.reshape(ordered, [1, -1, leaf.shape.at(-1)!]) : ordered;
    });
    return tf.clone(tf.reshape(parts.length === 1 ? parts[0] : tf.concat(parts, joint), [...shape]));
  });
}

function inOrder(leaf: tf.Tensor, layout: Layout): tf.Tensor {
  const { order } = rules[layout];
  return order?.length === leaf.rank ? tf.transpose(leaf, [...order]) : leaf;
}

function inverseOrder(stored: tf.Tensor, layout: Layout): tf.Tensor {
  const { order } = rules[layout];
  return order?.length === stored.rank ? tf.transpose(stored, order.map((_, axis) => order.indexOf(axis))) : stored;
}
