import { referenceInterpolations } from "@flexivit/resample";
import { type NameRow, type NameTable, positionRows, torchLinear, torchNorm, torchPatches } from "./name-table.ts";

const embeddingRows: NameRow[] = [
  ...torchPatches("embeddings.patch_embeddings.projection"),
  ...positionRows("embeddings.position_embeddings"),
  { theirs: "embeddings.cls_token", ours: ["classToken"], layout: "sequence" },
];

const layer = "encoder.layer.{}";

const attentionRows: NameRow[] = [
  ...(["query", "key", "value"] as const).flatMap((part) => torchLinear(`${layer}.attention.attention.${part}`, `blocks/{}/attention/${part}`)),
  ...torchLinear(`${layer}.attention.output.dense`, "blocks/{}/attention/output"),
];

/** What both have in common. */
const common = {
  beforeIndex: "encoder.layer.",
  prefixOfHead: false,
  renamed: [],
  interpolation: referenceInterpolations.huggingFace,
  activation: "erf",
  withoutPositions: "none",
  prefixPositions: "class",
} as const satisfies Partial<NameTable>;

/**
 * Names of Hugging Face's ViT, which are those of its DeiT without distillation token too.
 *
 * Source: transformers `models/vit/modeling_vit.py`, `models/vit/configuration_vit.py` for the epsilon.
 */
export const huggingFaceVitNames: NameTable = {
  ...common,
  rows: [
    ...embeddingRows,
    ...torchNorm(`${layer}.layernorm_before`, "blocks/{}/attentionNorm"),
    ...attentionRows,
    ...torchNorm(`${layer}.layernorm_after`, "blocks/{}/mlpNorm"),
    ...torchLinear(`${layer}.intermediate.dense`, "blocks/{}/mlp/hidden"),
    ...torchLinear(`${layer}.output.dense`, "blocks/{}/mlp/output"),
    ...torchNorm("layernorm", "norm"),
    ...torchLinear("classifier", "head"),
  ],
  prefixes: ["vit.", "deit."],
  writtenPrefix: (hasHead) => (hasHead ? "vit." : ""), // as ViTForImageClassification and ViTModel do
  unused: [/^pooler\.dense\.(weight|bias)$/, /^embeddings\.mask_token$/],
  layerNormEpsilon: 1e-12,
};

/**
 * Names of Hugging Face's DINOv2, with or without registers.
 *
 * Its classifier takes the class token and the mean of the patches side by side, which no head here does: only backbones
 * are converted, a classifier is left out.
 *
 * Source: transformers `models/dinov2/modeling_dinov2.py`, `models/dinov2_with_registers`.
 */
export const huggingFaceDinov2Names: NameTable = {
  ...common,
  rows: [
    ...embeddingRows,
    { theirs: "embeddings.register_tokens", ours: ["registers"], layout: "sequence" },
    ...torchNorm(`${layer}.norm1`, "blocks/{}/attentionNorm"),
    ...attentionRows,
    { theirs: `${layer}.layer_scale1.lambda1`, ours: ["blocks/{}/attentionScale"], layout: "same" },
    ...torchNorm(`${layer}.norm2`, "blocks/{}/mlpNorm"),
    ...swigluRows("weights_in", "hidden"),
    ...swigluRows("weights_out", "output"),
    ...torchLinear(`${layer}.mlp.fc1`, "blocks/{}/mlp/hidden"),
    ...torchLinear(`${layer}.mlp.fc2`, "blocks/{}/mlp/output"),
    { theirs: `${layer}.layer_scale2.lambda1`, ours: ["blocks/{}/mlpScale"], layout: "same" },
    ...torchNorm("layernorm", "norm"),
  ],
  prefixes: ["dinov2_with_registers.", "dinov2."],
  writtenPrefix: () => "",
  unused: [/^embeddings\.mask_token$/, /^classifier\./],
  interpolationWithRegisters: referenceInterpolations.timm, // bicubic with antialias
  layerNormEpsilon: 1e-6,
};

function swigluRows(theirs: string, ours: string): NameRow[] {
  return torchLinear(`${layer}.mlp.${theirs}`, `blocks/{}/mlp/${ours}`).map((row) => ({ ...row, when: ({ mlp }) => mlp === "swiglu" }));
}
