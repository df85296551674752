import { linear, type LinearParams } from "@flexivit/ops";
import { patchScheme } from "@flexivit/patch-schemes";
import { referenceInterpolations } from "@flexivit/resample";
import { expectClose, fixtureTensor, type NpyArray, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type Pooling, type VitConfig } from "./config.ts";
import type { AttentionParams, BlockParams, NormParams, PoolParams, VitParams } from "./params.ts";
import { vit } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type Kwargs = {
  img_size: number;
  patch_size: number;
  embed_dim: number;
  depth: number;
  num_heads: number;
  mlp_ratio: number;
  class_token?: boolean;
  global_pool?: "avg" | "map";
  no_embed_class?: boolean;
  reg_tokens?: number;
  init_values?: number;
  mlp_layer?: string;
};
type Case = { key: string; input: string; patch: [number, number]; grid: [number, number] };
type Arrays = Record<string, NpyArray>;

function configOf(kwargs: Kwargs): VitConfig {
  const { embed_dim: dim, depth, num_heads: heads, mlp_ratio, patch_size, img_size, class_token = true, no_embed_class = false } = kwargs;
  const gated = kwargs.mlp_layer !== undefined; // timm counts gates and values together
  const pooling: Pooling = kwargs.global_pool === undefined ? "tok" : kwargs.global_pool === "avg" ? "gap" : "map";
  const { patchKernel, positions } = referenceInterpolations.timm;
  return vitConfig(
    { dim, depth, heads, hiddenDim: (mlp_ratio * dim) / (gated ? 2 : 1) },
    {
      patchSize: [patch_size, patch_size],
      positionGrid: [img_size / patch_size, img_size / patch_size],
      pooling,
      classToken: class_token ? { value: "learned", at: "first", position: !no_embed_class } : undefined,
      registers: kwargs.reg_tokens ?? 0,
      mlp: gated ? "swiglu" : "gelu",
      activation: "erf",
      layerScale: kwargs.init_values,
      normPlace: pooling === "gap" ? "pooled" : "tokens",
      kernelResize: { method: "pi", interpolation: patchKernel },
      positionInterpolation: positions,
    },
  );
}

/** The weights of one of timm's models: its kernels are [out, in], query, key and value one above the other. */
function weightsOf(arrays: Arrays, config: VitConfig): { backbone: VitParams; head: LinearParams } {
  const { dim } = config;
  const read = <T extends tf.Tensor>(name: string): T => fixtureTensor<T>(arrays[name]);
  const norm = (name: string): NormParams => ({ scale: read(`${name}.weight`), bias: read(`${name}.bias`) });
  /** Outputs `from` to `from + count` of a linear layer; all of them unless given. */
  const layer = (name: string, from = 0, count = -1): LinearParams => ({
    kernel: tf.transpose(tf.slice(read<tf.Tensor2D>(`${name}.weight`), [from, 0], [count, -1])),
    bias: tf.slice(read<tf.Tensor1D>(`${name}.bias`), from, count),
  });
  const mlp = (name: string) => ({ hidden: layer(`${name}.fc1`), output: layer(`${name}.fc2`) });
  const attention = (name: string): AttentionParams => {
    const [query, key, value] = [0, 1, 2].map((part) => layer(`${name}.qkv`, part * dim, dim));
    return { query, key, value, output: layer(`${name}.proj`) };
  };
  const scales = (name: string) => (config.layerScale === undefined ? {} : { attentionScale: read<tf.Tensor1D>(`${name}.ls1.gamma`), mlpScale: read<tf.Tensor1D>(`${name}.ls2.gamma`) });
  const block = (_: unknown, index: number): BlockParams => {
    const name = `blocks.${index}`;
    return { attentionNorm: norm(`${name}.norm1`), attention: attention(`${name}.attn`), mlpNorm: norm(`${name}.norm2`), mlp: mlp(`${name}.mlp`), ...scales(name) };
  };
  const pool = (name: string): PoolParams => ({
    probe: tf.reshape(read(`${name}.latent`), [1, dim]),
    attention: { query: layer(`${name}.q`), key: layer(`${name}.kv`, 0, dim), value: layer(`${name}.kv`, dim, dim), output: layer(`${name}.proj`) },
    norm: norm(`${name}.norm`),
    mlp: mlp(`${name}.mlp`),
  });
  const table = read<tf.Tensor3D>("pos_embed");
  const prefix = config.classToken?.position ? 1 : 0;
  const row = (name: string, rows = 1): tf.Tensor2D => tf.reshape(read(name), [rows, dim]);
  const backbone: VitParams = {
    patchEmbedding: { kernel: tf.transpose(read<tf.Tensor4D>("patch_embed.proj.weight"), [2, 3, 1, 0]), bias: read("patch_embed.proj.bias") },
    positions: { grid: tf.reshape(tf.slice(table, [0, prefix, 0]), [...config.positionGrid, dim]) },
    ...(config.classToken ? { classToken: row("cls_token") } : {}),
    ...(prefix === 1 ? { classTokenPosition: tf.reshape(tf.slice(table, [0, 0, 0], [1, 1, dim]), [1, dim]) } : {}),
    ...(config.registers > 0 ? { registers: row("reg_token", config.registers) } : {}),
    blocks: Array.from({ length: config.depth }, block),
    norm: norm(config.normPlace === "pooled" ? "fc_norm" : "norm"),
    ...(config.pooling === "map" ? { pool: pool("attn_pool") } : {}),
  };
  return { backbone, head: layer("head") };
}

// The reference's own noise is 9.2e-6 on tokens of up to 8 and 5.7e-6 on logits, given its resized kernels; those it makes
// with a pseudo-inverse in float32, ours is in float64.
const tokenTolerance = { absolute: 5e-5 };
const outputTolerance = { absolute: 2e-5 };

test.each([
  ["deit", 7],
  ["cls-noembed", 7],
  ["avg-fcnorm", 7],
  ["map", 7],
  ["dinov2-reg4-swiglu", 5],
])("%s: tokens within 5e-5, pooled and logits within 2e-5 of timm's at all %i sizes of patches and images", async (name, count) => {
  const { kwargs, cases } = await readFixture<{ kwargs: Kwargs; cases: Case[] }>(`timm/${name}/config.json`);
  const [arrays, outputs, inputs] = await Promise.all([
    readFixture(`timm/${name}/model.safetensors`),
    readFixture(`timm/${name}/outputs.npz`),
    readFixture("timm/inputs.npz"),
  ]);
  const config = configOf(kwargs);
  const { backbone, head } = weightsOf(arrays, config);
  expect(cases).toHaveLength(count);
  for (const { key, input, patch, grid } of cases) {
    const features = vit(backbone, config, fixtureTensor(inputs[`nhwc/${input}`]), { scheme: patchScheme(patch) });
    const all = features.prefix ? tf.concat([features.prefix, features.tokens], 1) : features.tokens;
    expect(features.grid).toEqual({ gridHeight: grid[0], gridWidth: grid[1] });
    expectClose(all, outputs[`${key}/features`], tokenTolerance);
    expectClose(features.pooled, outputs[`${key}/pre_logits`], outputTolerance);
    expectClose(linear(features.pooled, head.kernel, head.bias), outputs[`${key}/logits`], outputTolerance);
  }
});
