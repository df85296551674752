import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { random, type RandomStream } from "@flexivit/random";
import { type LeafKind, walk } from "./walk.ts";

/** How one leaf starts: its shape, and how its values are drawn. No tensor exists until `initParams` makes it. */
export type Init = {
  readonly shape: readonly number[];
  readonly fill: (values: Float32Array, stream: RandomStream) => void;
};

/** The tree `P` with an `Init` in place of each tensor. */
export type InitTree<P> = P extends tf.Tensor ? Init : { [Name in keyof P]: InitTree<P[Name]> };

/**
 * Draws a tree of parameters, float32.
 *
 * Each leaf has a stream of its own, `random(seed, "init", path)`: its values depend on the seed, its
 * path and its shape only, so a new or renamed part changes nothing elsewhere. The caller disposes the tree.
 */
export function initParams<P>(spec: NoInfer<InitTree<P>>, seed: number): P {
  const drawn = walk(spec, INITS, ({ shape, fill }, path) => {
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    fill(values, random(seed, "init", path));
    return tf.tensor(values, [...shape], "float32");
  });
  return drawn as P;
}

/** Normal draws of mean 0. */
export function normal(shape: readonly number[], std: number): Init {
  return { shape, fill: (values, stream) => stream.fillNormal(values, 0, std) };
}

/**
 * Uniform draws in [-limit, limit), limit = sqrt(6 / (inputs + outputs)): neither signals nor gradients
 * grow or shrink from layer to layer.
 *
 * @param shape [..., inputs, outputs]; earlier axes count as a receptive field that multiplies both
 *
 * Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
 */
export function xavierUniform(shape: readonly number[]): Init {
  const { inputs, outputs } = fansOf("xavierUniform(shape)", shape);
  const limit = Math.sqrt(6 / (inputs + outputs));
  return { shape, fill: (values, stream) => stream.fillUniform(values, -limit, limit) };
}

/**
 * Normal draws of variance 1 / inputs, cut at two standard deviations.
 *
 * @param shape [..., inputs, outputs]; for a patch kernel [patchHeight, patchWidth, channels, dim] the
 *   inputs are patchHeight * patchWidth * channels
 *
 * Source: Y. LeCun et al., "Efficient BackProp", 1998; the cut and its correction as in JAX and Keras.
 */
export function lecunNormal(shape: readonly number[]): Init {
  const std = 1 / Math.sqrt(fansOf("lecunNormal(shape)", shape).inputs) / CUT_NORMAL_STD;
  return { shape, fill: (values, stream) => fillCutNormal(values, stream, std) };
}

/** The same value everywhere. */
export function constant(shape: readonly number[], value: number): Init {
  return { shape, fill: (values) => values.fill(value) };
}

/** Zero everywhere. */
export function zeros(shape: readonly number[]): Init {
  return constant(shape, 0);
}

/** One everywhere. */
export function ones(shape: readonly number[]): Init {
  return constant(shape, 1);
}

/** The standard deviation of a unit normal that is cut at +-2: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)). */
const CUT_NORMAL_STD = 0.8796256610342398;

function fillCutNormal(values: Float32Array, stream: RandomStream, std: number): void {
  for (let i = 0; i < values.length; i++) {
    let draw = stream.normal();
    while (Math.abs(draw) > 2) draw = stream.normal();
    values[i] = std * draw;
  }
}

function fansOf(where: string, shape: readonly number[]): { inputs: number; outputs: number } {
  const { inputs, outputs } = axes({ shape }, where, "... inputs outputs");
  const field = shape.slice(0, -2).reduce((product, length) => product * length, 1);
  return { inputs: field * inputs, outputs: field * outputs };
}

const INITS: LeafKind<Init> = {
  where: "initParams(spec)",
  leaves: "initial values",
  isLeaf: (node): node is Init => typeof node === "object" && node !== null && "shape" in node && "fill" in node,
};
