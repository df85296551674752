import { referenceInterpolations } from "@flexivit/resample";
import { flaxDense, flaxNorm, type NameRow, type NameTable, positionRows } from "./name-table.ts";

/** Attention of flax, whose projections have an axis of heads. */
const attentionRows = (theirs: string, ours: string): NameRow[] => [
  ...(["query", "key", "value"] as const).flatMap((part): NameRow[] => [
    { theirs: `${theirs}/${part}/kernel`, ours: [`${ours}/${part}/kernel`], layout: "to-heads" },
    { theirs: `${theirs}/${part}/bias`, ours: [`${ours}/${part}/bias`], layout: "to-heads" },
  ]),
  { theirs: `${theirs}/out/kernel`, ours: [`${ours}/output/kernel`], layout: "from-heads" },
  { theirs: `${theirs}/out/bias`, ours: [`${ours}/output/bias`], layout: "same" },
];

const block = "Transformer/encoderblock_{}";

/**
 * Names of big_vision's ViT and FlexiViT, flattened with "/".
 *
 * Source: big_vision `models/vit.py`, `models/proj/flexi/vit.py`, `utils.load_params`; the earlier names are those of
 * the Vision Transformer and AugReg checkpoints, which `fix_old_checkpoints` there renames too.
 */
export const bigVisionNames: NameTable = {
  beforeIndex: "Transformer/encoderblock_",
  rows: [
    ...flaxDense("embedding", "patchEmbedding"),
    ...positionRows("pos_embedding"),
    { theirs: "cls", ours: ["classToken"], layout: "sequence" },
    ...flaxNorm(`${block}/LayerNorm_0`, "blocks/{}/attentionNorm"),
    ...attentionRows(`${block}/MultiHeadDotProductAttention_0`, "blocks/{}/attention"),
    ...flaxNorm(`${block}/LayerNorm_1`, "blocks/{}/mlpNorm"),
    ...flaxDense(`${block}/MlpBlock_0/Dense_0`, "blocks/{}/mlp/hidden"),
    ...flaxDense(`${block}/MlpBlock_0/Dense_1`, "blocks/{}/mlp/output"),
    ...flaxNorm("Transformer/encoder_norm", "norm"),
    { theirs: "MAPHead_0/probe", ours: ["pool/probe"], layout: "sequence" },
    ...attentionRows("MAPHead_0/MultiHeadDotProductAttention_0", "pool/attention"),
    ...flaxNorm("MAPHead_0/LayerNorm_0", "pool/norm"),
    ...flaxDense("MAPHead_0/MlpBlock_0/Dense_0", "pool/mlp/hidden"),
    ...flaxDense("MAPHead_0/MlpBlock_0/Dense_1", "pool/mlp/output"),
    ...flaxDense("head", "head"),
  ],
  prefixes: ["params/", "opt/target/"],
  prefixOfHead: true,
  writtenPrefix: () => "params/",
  renamed: [
    [/^(Transformer\/encoderblock_\d+\/)MultiHeadDotProductAttention_1\//, "$1MultiHeadDotProductAttention_0/"],
    [/^(Transformer\/encoderblock_\d+\/)LayerNorm_2\//, "$1LayerNorm_1/"],
    [/^(Transformer\/encoderblock_\d+\/)MlpBlock_3\//, "$1MlpBlock_0/"],
    [/^Transformer\/posembed_input\/pos_embedding$/, "pos_embedding"],
    [/^(probe$|MultiHeadDotProductAttention_0\/|LayerNorm_0\/|MlpBlock_0\/)/, "MAPHead_0/$1"],
  ],
  unused: [],
  interpolation: referenceInterpolations.bigVision,
  activation: "tanh",
  layerNormEpsilon: 1e-6,
  withoutPositions: "sin-cos",
  prefixPositions: "class-or-none",
};
