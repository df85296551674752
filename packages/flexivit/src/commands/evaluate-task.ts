import { stat } from "node:fs/promises";
import type { CocoResult } from "@flexivit/annotations";
import { useEngine } from "@flexivit/engine";
import { disposeTree } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import type { Evaluation } from "../evaluation-pass.ts";
import { annotationsOf, openTaskData } from "../open-task-data.ts";
import { evaluateTask } from "../tasks/evaluate-task.ts";
import { loadTaskModel } from "../tasks/task-file.ts";
import { checkPatchSizes } from "../training-recipe.ts";
import type { EvaluateFlags } from "./evaluate.ts";
import { printEvaluations } from "./evaluation-table.ts";
import { counted, remark, remarkEngine, remarkSkipped } from "./print.ts";
import { refuseFlags } from "./task-of.ts";
import { requireWritableFile, writeWhole } from "./writable.ts";

/** `flexivit evaluate` of a model that finds objects, classes of pixels, depths or normals: its figures at each patch size. */
export async function evaluateTaskModel(flags: EvaluateFlags & { checkpoint: string }, task: string): Promise<void> {
  const { checkpoint, data, pictures, cocoResults, strict, remainder, batchSize, labels, normalisation, all } = flags;
  refuseFlags("evaluate", { "--labels": labels, "--normalisation": normalisation, "--all": all }, "a classifier", `a checkpoint of ${task}`);
  if (task !== "detect") refuseFlags("evaluate", { "--coco-results": cocoResults }, "a checkpoint of detect", `one of ${task}`);
  if (data === undefined) throw new Error("evaluate(--data): expected pictures with what is to be found, got none. Name the data.");
  if (cocoResults !== undefined) await requireResultFile(cocoResults, [checkpoint, annotationsOf(data, "validation")]);
  remarkEngine(await useEngine({ threads: flags.threads }));
  const model = await loadTaskModel(checkpoint);
  try {
    const { info } = model;
    const sizes = flags.patchSizes ?? info.patchSizes;
    checkPatchSizes(sizes, info.imageSizePx, remainder);
    if (cocoResults !== undefined) requireOne(sizes);
    const source = await openTaskData(info.task, data, { split: "validation", pictures, strict });
    remarkSkipped(source.skipped);
    remark(`data:   ${data}, ${counted(source.size, "picture")}`);
    const results: Evaluation[] = [];
    const found: CocoResult[] = [];
    const onDetections = cocoResults === undefined ? undefined : (ofBatch: readonly CocoResult[]): void => void found.push(...ofBatch);
    for (const size of sizes) results.push(await evaluateTask(model, source, parseScheme(size), { batchSize, remainder, pixels: "pictures", onDetections }));
    if (Object.keys(results[0].figures).length === 0) remark(`no figures: nothing is known of what is in the pictures of ${data}`);
    printEvaluations(flags.json, results); // first: they are not lost where the file cannot be written
    if (cocoResults !== undefined) await writeWhole(cocoResults, jsonList(found));
  } finally {
    disposeTree(model.params);
  }
}

/** Throws where a file could not be written in the end, or is one of those that are read. */
async function requireResultFile(file: string, sources: readonly string[]): Promise<void> {
  await requireWritableFile(file, "evaluate(--coco-results)", { orInPlace: true });
  const [own, ...read] = await Promise.all([file, ...sources].map((one) => stat(one).catch(() => undefined)));
  const same = read.findIndex((one) => own && one?.ino === own.ino && one.dev === own.dev);
  if (same >= 0) throw new Error(`evaluate(--coco-results): expected another file than ${sources[same]}, which is read, got ${file}. Name another one.`);
}

/** A picture has one list of detections in a result file. */
function requireOne(sizes: readonly string[]): void {
  if (sizes.length === 1) return;
  throw new Error(`evaluate(--coco-results): expected one patch size with it, got ${sizes.join(", ")}. Name one with --patch-size.`);
}

/** A JSON list in pieces, an entry a line: as one text it could be longer than a string can be. */
function* jsonList(entries: readonly unknown[]): Generator<string> {
  for (const [index, entry] of entries.entries()) yield `${index === 0 ? "[" : ",\n"}${JSON.stringify(entry)}`;
  yield entries.length === 0 ? "[]\n" : "]\n";
}
