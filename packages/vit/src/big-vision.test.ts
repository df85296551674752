import { linear, type LinearParams, type MlpParams } from "@flexivit/ops";
import { leaves, mapLeaves, valueAndGradients, zipLeaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectClose, fixtureTensor, type NpyArray, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type Pooling, type VitConfig } from "./config.ts";
import type { AttentionParams, BlockParams, NormParams, PoolParams, VitParams } from "./params.ts";
import { embed } from "./embed.ts";
import { vit } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type Weights = { backbone: VitParams; head: LinearParams };
type Case = { key: string; image: string; patch: [number, number]; grid: [number, number] };
type Fixture = {
  model: { width: number; depth: number; mlp_dim: number; num_heads: number; patch_size: [number, number]; posemb_size: [number, number]; pool_type: Pooling };
  npz_prefix: string;
  cases: Case[];
};
type Npz = Record<string, NpyArray>;

/** The weights, or gradients by the weights' names, of one of big_vision's models. */
function weightsOf(arrays: Npz, prefix: string, config: VitConfig): Weights {
  const { dim } = config;
  const tensor = <T extends tf.Tensor>(name: string, ...shape: number[]): T => {
    const read = fixtureTensor<T>(arrays[prefix + name]);
    return shape.length === 0 ? read : (tf.reshape(read, shape) as T);
  };
  const layer = (name: string): LinearParams => ({ kernel: tensor<tf.Tensor2D>(`${name}/kernel`), bias: tensor<tf.Tensor1D>(`${name}/bias`) });
  const norm = (name: string): NormParams => ({ scale: tensor(`${name}/scale`), bias: tensor(`${name}/bias`) });
  // There query, key and value are [dim, heads, headDim], the output [heads, headDim, dim].
  const projection = (name: string) => ({ kernel: tensor<tf.Tensor2D>(`${name}/kernel`, dim, dim), bias: tensor<tf.Tensor1D>(`${name}/bias`, dim) });
  const attention = (name: string): AttentionParams => {
    const [query, key, value, output] = ["query", "key", "value", "out"].map((part) => projection(`${name}/MultiHeadDotProductAttention_0/${part}`));
    return { query, key, value, output };
  };
  const mlp = (name: string): MlpParams => ({ hidden: layer(`${name}/MlpBlock_0/Dense_0`), output: layer(`${name}/MlpBlock_0/Dense_1`) });
  const block = (_: unknown, index: number): BlockParams => {
    const name = `Transformer/encoderblock_${index}`;
    return { attentionNorm: norm(`${name}/LayerNorm_0`), attention: attention(name), mlpNorm: norm(`${name}/LayerNorm_1`), mlp: mlp(name) };
  };
  const pool = (name: string): PoolParams => {
    return { probe: tensor(`${name}/probe`, 1, dim), attention: attention(name), norm: norm(`${name}/LayerNorm_0`), mlp: mlp(name) };
  };
  const backbone: VitParams = {
    patchEmbedding: { kernel: tensor("embedding/kernel"), bias: tensor("embedding/bias") },
    positions: { grid: tensor("pos_embedding", ...config.positionGrid, dim) },
    ...(config.pooling === "tok" ? { classToken: tensor<tf.Tensor2D>("cls", 1, dim) } : {}),
    blocks: Array.from({ length: config.depth }, block),
    norm: norm("Transformer/encoder_norm"),
    ...(config.pooling === "map" ? { pool: pool("MAPHead_0") } : {}),
  };
  return { backbone, head: layer("head") };
}

async function readModel(name: string): Promise<{ weights: Weights; config: VitConfig; cases: Case[]; outputs: Npz; images: Npz }> {
  const [{ model, npz_prefix, cases }, params, outputs, images] = await Promise.all([
    readFixture<Fixture>(`big-vision-flexi/${name}/config.json`),
    readFixture(`big-vision-flexi/${name}/params.npz`),
    readFixture(`big-vision-flexi/${name}/cases.npz`),
    readFixture("big-vision-flexi/images.npz"),
  ]);
  const size = { dim: model.width, depth: model.depth, hiddenDim: model.mlp_dim, heads: model.num_heads };
  const config = vitConfig(size, { patchSize: model.patch_size, positionGrid: model.posemb_size, pooling: model.pool_type });
  return { weights: weightsOf(params, npz_prefix, config), config, cases, outputs: outputs, images: images };
}

const logitsOf = ({ kernel, bias }: LinearParams, pooled: tf.Tensor2D): tf.Tensor2D => linear(pooled, kernel, bias);
const fromCase = ({ patch }: Case) => ({ scheme: patchScheme(patch), remainder: "crop" }) as const;

// The float32 noise of the references is up to 1.7e-5 on tokens and 6.6e-6 on the rest.
const tokenTolerance = { absolute: 1e-4 };
const outputTolerance = { absolute: 5e-5 };

test.each([
  ["gap-p32", 9],
  ["gap-p8", 10],
  ["tok-p8", 7],
  ["map-p8", 7],
])("%s: tokens within 1e-4, pooled and logits within 5e-5 of big_vision's on all %i sizes of patches and images", async (name, count) => {
  const { weights, config, cases, outputs, images } = await readModel(name);
  expect(cases).toHaveLength(count);
  for (const one of cases) {
    const image = fixtureTensor<tf.Tensor4D>(images[one.image]);
    const features = vit(weights.backbone, config, image, fromCase(one));
    const encoded = features.prefix ? tf.concat([features.prefix, features.tokens], 1) : features.tokens;
    expect(features.grid).toEqual({ gridHeight: one.grid[0], gridWidth: one.grid[1] });
    expectClose(encoded, outputs[`${one.key}/encoded`], tokenTolerance);
    expectClose(features.pooled, outputs[`${one.key}/pre_logits`], outputTolerance);
    expectClose(logitsOf(weights.head, features.pooled), outputs[`${one.key}/logits`], outputTolerance);
  }
});

test.each(["gap-p32", "gap-p8", "tok-p8", "map-p8"])("%s: embedded patches, without and with positions, within 1e-4 of big_vision's", async (name) => {
  const { weights, config, cases, outputs, images } = await readModel(name);
  const stored = cases.filter(({ key }) => `${key}/stem` in outputs);
  expect(stored).toHaveLength(3);
  for (const one of stored) {
    const image = fixtureTensor<tf.Tensor4D>(images[one.image]);
    const unplaced = { ...weights.backbone, positions: mapLeaves(weights.backbone.positions, tf.zerosLike) };
    const embedded = embed(weights.backbone, config, image, fromCase(one)).tokens;
    expectClose(embed(unplaced, config, image, fromCase(one)).tokens, outputs[`${one.key}/stem`].data, tokenTolerance);
    expectClose(embedded, outputs[`${one.key}/with_posemb`].data, tokenTolerance);
  }
});

test.each(["gap-p32", "gap-p8", "tok-p8"])("%s: the head on every token is within 1e-4 of big_vision's logits per patch", async (name) => {
  const { weights, config, cases, outputs, images } = await readModel(name);
  const one = cases.find(({ key }) => `${key}/logits_2d` in outputs)!;
  const { tokens } = vit(weights.backbone, config, fixtureTensor(images[one.image]), fromCase(one));
  const perPatch = logitsOf(weights.head, tf.reshape(tokens, [-1, config.dim]));
  expectClose(perPatch, outputs[`${one.key}/logits_2d`].data, tokenTolerance);
});

test.each(["48x48_seqhw4", "48x48_seqhw8"])("gap-p8 at %s: the gradient of mean(logits^2) by every weight is within 1e-4 of big_vision's", async (key) => {
  const { weights, config, cases, images } = await readModel("gap-p8");
  const grads = (await readFixture("big-vision-flexi/gap-p8/grads.npz"));
  const one = cases.find((each) => each.key === key)!;
  const image = fixtureTensor<tf.Tensor4D>(images[one.image]);
  const { value, gradients } = valueAndGradients(
    ({ backbone, head }: Weights) => tf.mean<tf.Scalar>(tf.square(logitsOf(head, vit(backbone, config, image, fromCase(one)).pooled))),
    weights,
  );
  expectClose(value, grads[`${key}/loss`], { relative: 1e-5 });
  expect(leaves(gradients)).toHaveLength(39);
  const compared = zipLeaves([gradients, weightsOf(grads, `${key}/`, config)], ([gradient, expected], path) => {
    // The softmax does not see a shift that all keys share: only rounding is left of this gradient.
    if (path.endsWith("attention/key/bias")) expectClose(gradient, tf.zerosLike(gradient), { absolute: 1e-6 });
    else expectClose(gradient, expected, { relative: 1e-4 });
    return gradient;
  });
  tf.dispose(compared);
});
