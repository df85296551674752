/** Sizes of a transformer; the perceptrons have four times its width. */
export type ModelSize = { dim: number; depth: number; heads: number };

/**
 * What one process measures, ours or PyTorch's: steps of one model, each patch size in turn.
 *
 * One patch size is a fixed model, its kernel and positions stored at that size. Several are a flexible one: a stored
 * kernel of 32 x 32 and positions of 7 x 7, resized in every step.
 */
export type Spec = {
  model: ModelSize;
  channels: number;
  imageSizePx: number;
  patchSizes: number[];
  batch: number;
  classes: number;
  mode: "forward" | "train";
  /** Run the blocks again in the backward pass instead of keeping what is in them. */
  recompute: boolean;
  /** When weights are updated: after the backward pass, or each as soon as its gradient is final (ours only). */
  updates: "together" | "asTheyCome";
  /** Timed passes through the patch sizes, after one that is not. */
  repeats: number;
  threads: number;
};

export type Step = { patchSize: number; milliseconds: number; processorMilliseconds: number };

/** What a process found; `peakMemoryBytes` is of the whole process, its start and imports included. */
export type Measurement = { steps: Step[]; peakMemoryBytes: number; versions: Record<string, string> };

export const modelSizes = {
  Ti: { dim: 192, depth: 12, heads: 3 },
  S: { dim: 384, depth: 12, heads: 6 },
  B: { dim: 768, depth: 12, heads: 12 },
} as const satisfies Record<string, ModelSize>;

/** ViT-S/16 at 240 px, batch 8, forward, with what differs. */
export function specOf(changes: Partial<Spec>): Spec {
  return {
    model: modelSizes.S,
    channels: 3,
    imageSizePx: 240,
    patchSizes: [16],
    batch: 8,
    classes: 1000,
    mode: "forward",
    recompute: false,
    updates: "together",
    repeats: 5,
    threads: 2,
    ...changes,
  };
}
