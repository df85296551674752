import { readFile } from "node:fs/promises";
import { cocoNumberNames, evaluateCoco, type CocoEvaluation } from "@flexivit/detect";
import { textTable } from "@flexivit/run-log";
import { counted, percent, printResult } from "./print.ts";

export type DetectionFlags = { annotations?: string; predictions?: string; iou?: "bbox" | "segm"; json?: boolean };

/** `flexivit evaluate --task detect`: COCO's twelve numbers and those of each category, for the files of any detector. */
export async function evaluateDetections({ annotations, predictions, iou = "bbox", json }: DetectionFlags): Promise<void> {
  const truth = await readJson(annotations, "--annotations", "a file in the COCO format");
  const detections = await readJson(predictions, "--predictions", "a file of results in the COCO format");
  const result = evaluateCoco(truth, detections, iou);
  printResult(json, result, () => cocoTables(result));
}

async function readJson(file: string | undefined, flag: string, expected: string): Promise<unknown> {
  if (file === undefined) throw new Error(`evaluate(${flag}): expected ${expected} with --task detect, got none. Name the file.`);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`evaluate(${flag}): expected ${expected}, got ${error.code} at ${file}. Check the path.`, { cause: error });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`evaluate(${flag}): expected ${expected}, got no JSON in ${file}: ${(error as Error).message}. Write the file again.`, { cause: error });
  }
}

function cocoTables(result: CocoEvaluation): string {
  const { iou, images, objects, detections, perCategory } = result;
  const compared = `${counted(detections, "detection")} against ${counted(objects, "object")} in ${counted(images, "image")}, by ${iou}`;
  const twelve = textTable(["number", "value"], cocoNumberNames.map((name) => [name, shareText(result[name])]));
  const categories = textTable(
    ["category", "AP", "AP50", "AP75", "AR100"],
    perCategory.map(({ name, AP, AP50, AP75, AR100 }) => [name, ...[AP, AP50, AP75, AR100].map(shareText)]),
  );
  return [compared, "", twelve, "", categories].join("\n");
}

/** COCO writes -1 where there is nothing to find. */
function shareText(share: number): string {
  return share < 0 ? "-" : percent(share);
}
