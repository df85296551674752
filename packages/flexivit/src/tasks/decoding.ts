import type { DecodeOptions, DetectorConfig } from "@flexivit/detect";

/** Overlap above which two boxes of a class are taken for one object. Source: FCOS, arXiv 1904.01355, section 4. */
const sameObject = 0.6;

/**
 * How the predictions of a head are decoded. Where every token predicts, several tokens of an object may find it, the more of
 * them the smaller the patches are, so the best of boxes that overlap stays; queries were trained to find each object once.
 */
export function decodingOf({ objective, predictors }: Pick<DetectorConfig, "objective" | "predictors">): Pick<DecodeOptions, "objective" | "iouThreshold"> {
  return { objective, ...(predictors.kind === "tokens" && { iouThreshold: sameObject }) };
}
