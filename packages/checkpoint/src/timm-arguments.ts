import type { VitConfig } from "@flexivit/vit";

/**
 * The arguments of timm's `VisionTransformer` that make a model for the weights which `saveVit` writes for timm.
 *
 * Names of layers are texts: "gelu", "gelu_tanh" as timm knows them; `mlp_layer` "SwiGLUPacked" stands for
 * `timm.layers.SwiGLUPacked` (with `act_layer` `torch.nn.SiLU`); `norm_eps` for `partial(torch.nn.LayerNorm, eps=...)`.
 *
 * @param classes outputs of the head; 0 where there is none
 * Source: timm 1.0 `models/vision_transformer.py`.
 */
export function timmArguments(config: VitConfig, classes: number): Record<string, unknown> {
  const { channels, patchSize, positionGrid, dim, depth, heads, classToken, registers, pooling, layerScale } = config;
  const hasPosition = classToken?.position === true && registers === 0;
  return {
    img_size: [patchSize[0] * positionGrid[0], patchSize[1] * positionGrid[1]],
    patch_size: [...patchSize],
    in_chans: channels,
    num_classes: classes,
    global_pool: { gap: "avg", tok: "token", map: "map" }[pooling],
    embed_dim: dim,
    depth,
    num_heads: heads,
    mlp_ratio: mlpRatio(config),
    class_token: classToken !== undefined,
    no_embed_class: !hasPosition,
    reg_tokens: registers,
    fc_norm: config.normPlace === "pooled",
    pos_embed: config.positions === "none" ? "none" : "learn",
    ...(layerScale !== undefined && { init_values: layerScale }),
    ...(config.mlp === "swiglu" ? { mlp_layer: "SwiGLUPacked", act_layer: "silu" } : { act_layer: config.activation === "tanh" ? "gelu_tanh" : "gelu" }),
    norm_eps: config.layerNormEpsilon,
  };
}

/** timm takes the whole part of dim x ratio; a packed gate counts twice. */
function mlpRatio({ dim, hiddenDim, mlp }: VitConfig): number {
  const width = mlp === "swiglu" ? 2 * hiddenDim : hiddenDim;
  const ratio = width / dim;
  return Math.trunc(dim * ratio) === width ? ratio : (width + 0.5) / dim;
}
