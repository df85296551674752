import type { BatchOptions } from "@flexivit/data";

/** How pictures are cut for training: `flexivit train` on a folder, with nothing mixed. */
export const trainingCut: Pick<BatchOptions, "seed" | "framing"> = { seed: 0, framing: { kind: "inception-crop" } };
