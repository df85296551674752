import type { AnyStudy } from "../study.ts";
import { flexibleStep, models, smallModels } from "./comparisons.ts";
import { growth } from "./growth.ts";
import { inputPipeline } from "./input-pipeline.ts";
import { resizeMatrices, sizeChanges } from "./patch-sizes.ts";
import { recomputation } from "./recomputation.ts";
import { webAssembly } from "./webassembly.ts";

/** All studies, in the order of the page. */
export const studies: readonly AnyStudy[] = [
  models,
  flexibleStep,
  recomputation,
  smallModels,
  sizeChanges,
  resizeMatrices,
  inputPipeline,
  growth,
  webAssembly,
];
