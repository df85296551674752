export { attention, type AttentionOptions } from "./attention.ts";
export { gelu, type GeluForm } from "./gelu.ts";
export { layerNorm } from "./layer-norm.ts";
export { linear } from "./linear.ts";
export { mlp, type LinearParams, type MlpParams } from "./mlp.ts";
export { residual } from "./residual.ts";
export { sigmoidCrossEntropy } from "./sigmoid-cross-entropy.ts";
export { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
export { swiglu, type SwigluParams } from "./swiglu.ts";
