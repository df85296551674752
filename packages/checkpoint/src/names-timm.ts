import { referenceInterpolations } from "@flexivit/resample";
import { type NameTable, positionRows, torchLinear, torchNorm, torchPatches } from "./name-table.ts";

/**
 * Names of timm's `VisionTransformer`: ViT, DeiT, FlexiViT, DINOv2 with or without registers.
 *
 * Source: timm 1.0 `models/vision_transformer.py`, `layers/attention_pool.py`, `layers/mlp.py` (`SwiGLUPacked` has the
 * names of `Mlp`, its gate in the first half).
 */
export const timmNames: NameTable = {
  beforeIndex: "blocks.",
  rows: [
    ...torchPatches("patch_embed.proj"),
    ...positionRows("pos_embed"),
    { theirs: "cls_token", ours: ["classToken"], layout: "sequence" },
    { theirs: "reg_token", ours: ["registers"], layout: "sequence" },
    ...torchNorm("blocks.{}.norm1", "blocks/{}/attentionNorm"),
    ...torchLinear("blocks.{}.attn.qkv", "blocks/{}/attention/query", "blocks/{}/attention/key", "blocks/{}/attention/value"),
    ...torchLinear("blocks.{}.attn.proj", "blocks/{}/attention/output"),
    { theirs: "blocks.{}.ls1.gamma", ours: ["blocks/{}/attentionScale"], layout: "same" },
    ...torchNorm("blocks.{}.norm2", "blocks/{}/mlpNorm"),
    ...torchLinear("blocks.{}.mlp.fc1", "blocks/{}/mlp/hidden"),
    ...torchLinear("blocks.{}.mlp.fc2", "blocks/{}/mlp/output"),
    { theirs: "blocks.{}.ls2.gamma", ours: ["blocks/{}/mlpScale"], layout: "same" },
    ...torchNorm("fc_norm", "norm", ({ normPlace }) => normPlace === "pooled"),
    ...torchNorm("norm", "norm", ({ normPlace }) => normPlace === "tokens"),
    { theirs: "attn_pool.latent", ours: ["pool/probe"], layout: "sequence" },
    ...torchLinear("attn_pool.q", "pool/attention/query"),
    ...torchLinear("attn_pool.kv", "pool/attention/key", "pool/attention/value"),
    ...torchLinear("attn_pool.proj", "pool/attention/output"),
    ...torchNorm("attn_pool.norm", "pool/norm"),
    ...torchLinear("attn_pool.mlp.fc1", "pool/mlp/hidden"),
    ...torchLinear("attn_pool.mlp.fc2", "pool/mlp/output"),
    ...torchLinear("head", "head"),
  ],
  prefixes: [],
  prefixOfHead: true,
  writtenPrefix: () => "",
  renamed: [],
  unused: [],
  interpolation: referenceInterpolations.timm,
  activation: "erf",
  layerNormEpsilon: 1e-6,
  withoutPositions: "none",
  prefixPositions: "all-or-none",
};
