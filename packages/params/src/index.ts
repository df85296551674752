export { checkpointed, type BlockPass } from "./checkpointed.ts";
export { disposeTree } from "./dispose.ts";
export { type Outputs, type TakeGradient, valueAndEachGradient, valueAndGradients } from "./gradients.ts";
export { constant, type Init, initParams, type InitTree, lecunNormal, normal, ones, xavierUniform, zeros } from "./init.ts";
export { mergeLeaves, type PathFilter, selectLeaves, under } from "./select.ts";
export { countParams, type Leaf, leaves, mapLeaves, type ParamTree } from "./tree.ts";
export { addTrees, zipLeaves } from "./zip.ts";
