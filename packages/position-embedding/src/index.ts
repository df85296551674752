export type { Grid } from "./grid.ts";
export { resizePositions } from "./resize-positions.ts";
export { sinCosPositions } from "./sin-cos-positions.ts";
