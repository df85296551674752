import { batchAt, evaluationBatches, type Batch, type BatchOptions, type EvaluationOptions } from "./batch.ts";
import type { ObjectSource, PictureObject } from "./coco-pictures.ts";
import { viewObjects } from "./object-view.ts";
import type { ReadRequest } from "./source.ts";
import type { View } from "./view.ts";

/** A batch and, per picture, its objects in pixels of the image that the batch holds. */
export type ObjectBatch = Batch & { objects: PictureObject[][] };

/** Options of a batch without those that mix pictures or move their pixels apart from their objects. */
export type ObjectBatchOptions = Pick<BatchOptions, "seed" | "batchSize" | "imageSize" | "framing">;

/** The batch of a training step as `batchAt` makes it, with the objects cut, resized and mirrored like the pictures. */
export async function objectBatchAt(source: ObjectSource, step: number, { seed, batchSize, imageSize, framing }: ObjectBatchOptions): Promise<ObjectBatch> {
  const views: Promise<View>[] = []; // in the order of the batch, in which a small source's picture may come twice
  const batch = await batchAt(watched(source, (_, view) => views.push(view)), step, { seed, batchSize, imageSize, framing });
  return withObjects(source, batch, await Promise.all(views));
}

/** All pictures in order as `evaluationBatches` gives them, with their objects. */
export async function* objectEvaluationBatches(source: ObjectSource, options: EvaluationOptions): AsyncGenerator<ObjectBatch, void, void> {
  const views = new Map<number, Promise<View>>();
  for await (const batch of evaluationBatches(watched(source, (index, view) => views.set(index, view)), options)) {
    yield withObjects(source, batch, await Promise.all(Array.from(batch.indices, (index) => views.get(index)!)));
    for (const index of batch.indices) views.delete(index);
  }
}

function withObjects(source: ObjectSource, batch: Batch, views: readonly View[]): ObjectBatch {
  return { ...batch, objects: Array.from(batch.indices, (index, i) => viewObjects(source.objects(index), views[i])) };
}

/** The same source; `seen` is told at each reading which view will be chosen. */
function watched(source: ObjectSource, seen: (index: number, view: Promise<View>) => void): ObjectSource {
  const read = (index: number, request: ReadRequest): void | Promise<void> => {
    let settle: (view: View) => void = () => {};
    seen(index, new Promise((resolve) => (settle = resolve)));
    return source.read(index, {
      ...request,
      choose: (size, stream) => {
        const view = request.choose(size, stream);
        settle(view);
        return view;
      },
    });
  };
  return { ...source, read };
}
