export { expectClose, type Numbers, type Tolerance } from "./close.ts";
export { fixturePath, fixtureTensor, readFixture } from "./fixtures.ts";
export { checkGradient, type GradientCheck } from "./gradient.ts";
export { expectNoLeak } from "./leak.ts";
export type { NpyArray } from "./npz.ts";
