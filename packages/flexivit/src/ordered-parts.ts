import { prefetch } from "@flexivit/data";
import type { TensorBatch } from "@flexivit/train";

/** Which of the processes that train together reads: the ranks take the parts of a batch in turn. */
export type Rank = { rank: number; size: number };

/** Batches of a training, in the order of its steps. */
export type OrderedParts<B extends TensorBatch> = { batch: (step: number, part: number) => Promise<B>; close: () => Promise<void> };

type PartReader<Read, B extends TensorBatch> = {
  /** Reads part `at` of the training, counted over all steps. */
  read: (at: number) => Promise<Read>;
  tensors: (read: Read) => B;
  /** What errors call the training. */
  where: string;
};

/**
 * Batches in the order in which training asks for them, the next two read while a step runs.
 *
 * The two hold 4 bytes per pixel and channel: little beside the activations of the one in use. A rank reads its own
 * parts only; what a part holds does not depend on the number of ranks.
 */
export function orderedParts<Read, B extends TensorBatch>(
  { accumulate, steps }: { accumulate: number; steps: number },
  { rank, size }: Rank,
  { read, tensors, where }: PartReader<Read, B>,
): OrderedParts<B> {
  const perStep = Math.ceil((accumulate - rank) / size);
  const readOwn = (own: number): Promise<Read> => read(Math.floor(own / perStep) * accumulate + rank + (own % perStep) * size);
  let ahead: { at: number; parts: AsyncGenerator<Read, void, void> } | undefined;
  return {
    async close() {
      await ahead?.parts.return();
    },
    async batch(step, part) {
      const at = step * perStep + (part - rank) / size;
      ahead ??= { at, parts: prefetch(readOwn, { from: at, to: steps * perStep }) };
      if (at !== ahead.at++) throw new Error(`${where}(batch): expected parts in order, got ${at} instead of ${ahead.at - 1}. Train with one loop at a time.`);
      const next = await ahead.parts.next();
      return tensors(next.value as Read);
    },
  };
}
