export { factorisedPositions, type FactorisedPositions } from "./factorised-positions.ts";
export type { Grid } from "./grid.ts";
export { indexPositions } from "./index-positions.ts";
export { resizePositions } from "./resize-positions.ts";
export { sequencePositions } from "./sequence-positions.ts";
export { sinCosPositions } from "./sin-cos-positions.ts";
