export { covarianceFactor } from "./covariance-factor.ts";
export { referenceInterpolations, type Interpolation, type ReferenceInterpolation } from "./interpolation.ts";
export { matrixOf, multiply, transpose, type Matrix } from "./matrix.ts";
export { pseudoInverse, singularValues } from "./pseudo-inverse.ts";
export { resizeAxes, type AxisResize } from "./resize-axes.ts";
export { resizeImages } from "./resize-images.ts";
export { resizeMatrix } from "./resize-matrix.ts";
