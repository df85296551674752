import { textTable } from "@flexivit/run-log";
import type { Evaluation } from "../evaluation-pass.ts";
import { figureText, figureTitle, printResult } from "./print.ts";

/** Prints the figures of a model at each patch size: a row each, or JSON. */
export function printEvaluations(json: boolean | undefined, results: readonly Evaluation[]): void {
  const flat = results.map(({ figures, pictures, imagesPerSecond, ...at }) => ({ ...at, ...figures, pictures, imagesPerSecond }));
  printResult(json, flat, () => evaluationTable(results));
}

function evaluationTable(results: readonly Evaluation[]): string {
  const names = Object.keys(results[0].figures);
  return textTable(
    ["patch size", "tokens", ...names.map(figureTitle), "images/s"],
    results.map(({ patchSize, tokens, figures, imagesPerSecond }) => [
      patchSize,
      tokens,
      ...names.map((name) => figureText(name, figures[name])),
      Math.round(imagesPerSecond),
    ]),
  );
}
