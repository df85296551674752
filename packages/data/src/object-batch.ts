import { batchAt, evaluationBatches, type Batch, type BatchOptions, type EvaluationOptions } from "./batch.ts";
import type { ObjectSource, PictureObject } from "./coco-pictures.ts";
import { viewObjects } from "./object-view.ts";
import type { ReadRequest } from "./source.ts";
import type { Seen } from "./view.ts";

/** A batch and, per picture, how it was seen and its objects in pixels of the image that the batch holds. */
export type ObjectBatch = Batch & { objects: PictureObject[][]; seen: Seen[] };

/** Options of a batch without those that mix pictures or move their pixels apart from their objects. */
export type ObjectBatchOptions = Pick<BatchOptions, "seed" | "batchSize" | "imageSize" | "framing" | "normalisation">;

/** The batch of a training step as `batchAt` makes it, with the objects cut, resized and mirrored like the pictures. */
export async function objectBatchAt(source: ObjectSource, step: number, options: ObjectBatchOptions): Promise<ObjectBatch> {
  const { seed, batchSize, imageSize, framing, normalisation } = options;
  const seen: Promise<Seen>[] = []; // in the order of the batch, in which a small source's picture may come twice
  const batch = await batchAt(watched(source, (_, one) => seen.push(one)), step, { seed, batchSize, imageSize, framing, normalisation });
  return withObjects(source, batch, await Promise.all(seen));
}

/** All pictures in order as `evaluationBatches` gives them, with their objects. */
export async function* objectEvaluationBatches(source: ObjectSource, options: EvaluationOptions): AsyncGenerator<ObjectBatch, void, void> {
  const seen = new Map<number, Promise<Seen>>();
  for await (const batch of evaluationBatches(watched(source, (index, one) => seen.set(index, one)), options)) {
    yield withObjects(source, batch, await Promise.all(Array.from(batch.indices, (index) => seen.get(index)!)));
    for (const index of batch.indices) seen.delete(index);
  }
}

function withObjects(source: ObjectSource, batch: Batch, seen: Seen[]): ObjectBatch {
  return { ...batch, objects: Array.from(batch.indices, (index, i) => viewObjects(source.objects(index), seen[i].view)), seen };
}

/** The same source; `seen` is told at each reading which view will be chosen. */
function watched(source: ObjectSource, seen: (index: number, one: Promise<Seen>) => void): ObjectSource {
  const read = (index: number, request: ReadRequest): void | Promise<void> => {
    let settle: (one: Seen) => void = () => {};
    seen(index, new Promise((resolve) => (settle = resolve)));
    return source.read(index, {
      ...request,
      choose: (size, stream) => {
        const view = request.choose(size, stream);
        settle({ size, view });
        return view;
      },
    });
  };
  return { ...source, read };
}
