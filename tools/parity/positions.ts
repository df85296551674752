import { resizePositions, sinCosPositions, type Grid } from "@flexivit/position-embedding";
import { referenceInterpolations, type Interpolation } from "@flexivit/resample";
import { fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { largestDifference, type Comparison } from "./comparison.ts";

type Size = [height: number, width: number];
type Case = { key: string; grid: string; from: Size; to: Size };
type Index = { resize: Case[]; zoom: Case[]; sincos2d: { key: string; h: number; w: number; width: number }[] };

const { bigVision, bigVisionAtLoad, timm, timmFlexi } = referenceInterpolations;
const arrays = await readFixture("pos-embed.npz");

/** Position embeddings resampled, their gradients, and sin-cos positions. */
export async function positionComparisons(): Promise<Comparison[]> {
  const { resize, zoom, sincos2d } = await readFixture<Index>("pos-embed.json");
  return [
    ...resize.flatMap((each) => [
      compare(sizesOf(each), "JAX, linear", () => resized(each, bigVision.positions), `${each.key}/jax_linear`),
      compare(`${sizesOf(each)}, gradient`, "JAX, linear", () => gradient(each), `${each.key}/jax_linear_grad`),
      compare(sizesOf(each), "timm, bicubic, antialias", () => resized(each, timm.positions), `${each.key}/timm_bicubic_aa`),
      compare(sizesOf(each), "timm, bilinear", () => resized(each, timmFlexi.positions), `${each.key}/timm_bilinear`),
    ]),
    ...zoom.map((each) => compare(sizesOf(each), "big_vision at load (SciPy)", () => resized(each, bigVisionAtLoad.positions), each.key)),
    ...sincos2d.map(({ key, h, w, width }) =>
      compare(`sin-cos ${h}x${w}, dim ${width}`, "big_vision", () => sinCosPositions({ gridHeight: h, gridWidth: w }, width), key),
    ),
  ];
}

function compare(name: string, reference: string, compute: () => tf.Tensor, expected: string): Comparison {
  const difference = tf.tidy(() => largestDifference(compute(), arrays[expected]));
  return { area: "Position embeddings", name, reference, difference, allowed: 2e-5 };
}

const sizesOf = ({ from, to }: Case): string => `${from.join("x")} to ${to.join("x")}`;
const gridOf = ([gridHeight, gridWidth]: Size): Grid => ({ gridHeight, gridWidth });

function resized({ grid, to }: Case, interpolation: Interpolation): tf.Tensor {
  return resizePositions(fixtureTensor<tf.Tensor3D>(arrays[grid]), gridOf(to), interpolation);
}

function gradient({ key, grid, to }: Case): tf.Tensor {
  const cotangent = tf.reshape(fixtureTensor(arrays[`${key}/jax_linear_cotangent`]), [to[0] * to[1], -1]);
  return tf.grad((x) => resizePositions(x as tf.Tensor3D, gridOf(to), bigVision.positions))(fixtureTensor(arrays[grid]), cotangent);
}
