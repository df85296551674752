import { useEngine } from "@flexivit/engine";
import { disposeTree } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import type { Evaluation } from "../evaluation-pass.ts";
import { openTaskData } from "../open-task-data.ts";
import { evaluateTask } from "../tasks/evaluate-task.ts";
import { loadTaskModel } from "../tasks/task-file.ts";
import { checkPatchSizes } from "../training-recipe.ts";
import type { EvaluateFlags } from "./evaluate.ts";
import { printEvaluations } from "./evaluation-table.ts";
import { counted, remark, remarkEngine, remarkSkipped } from "./print.ts";
import { refuseFlags } from "./task-of.ts";

/** `flexivit evaluate` of a model that finds objects, classes of pixels, depths or normals: its figures at each patch size. */
export async function evaluateTaskModel(flags: EvaluateFlags & { checkpoint: string }, task: string): Promise<void> {
  const { checkpoint, data, pictures, strict, remainder, batchSize, labels, normalisation, all } = flags;
  refuseFlags("evaluate", { "--labels": labels, "--normalisation": normalisation, "--all": all }, "a classifier", `a checkpoint of ${task}`);
  if (data === undefined) throw new Error("evaluate(--data): expected pictures with what is to be found, got none. Name the data.");
  remarkEngine(await useEngine({ threads: flags.threads }));
  const model = await loadTaskModel(checkpoint);
  try {
    const { info } = model;
    const sizes = flags.patchSizes ?? info.patchSizes;
    checkPatchSizes(sizes, info.imageSizePx, remainder);
    const source = await openTaskData(info.task, data, { split: "validation", pictures, strict });
    remarkSkipped(source.skipped);
    remark(`data:   ${data}, ${counted(source.size, "picture")}`);
    const results: Evaluation[] = [];
    for (const size of sizes) results.push(await evaluateTask(model, source, parseScheme(size), { batchSize, remainder, pixels: "pictures" }));
    printEvaluations(flags.json, results);
  } finally {
    disposeTree(model.params);
  }
}
