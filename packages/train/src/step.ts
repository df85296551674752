import { applyUpdates, clipByGlobalNorm, globalNorm, scheduleAt, updateAverage } from "@flexivit/optim";
import { alone, type Communicator } from "@flexivit/parallel";
import { drawScheme, formatScheme } from "@flexivit/patch-schemes";
import { disposeTree, type ParamTree, type PathFilter } from "@flexivit/params";
import type * as tf from "@tensorflow/tfjs-core";
import { lossesAndGradients, type TensorBatch } from "./losses.ts";
import type { TrainOptions } from "./options.ts";
import { requireAlike } from "./over-ranks.ts";
import type { TrainState } from "./state.ts";

/** What a step tells the log: the named losses and how the step was made. */
export type StepRow = { [name: string]: number | string } & { loss: number; gradientNorm: number; learningRate: number; patchSize: string };

/** Numbers that are NaN or infinite: `message` says which, and at which step. */
export class NotFinite extends Error {
  override name = "NotFinite";
}

/**
 * One update of the weights at the patch scheme that (seed, step) draws.
 *
 * TAKES the state: its old weights and moments are freed leaf by leaf, use only what it returns.
 *
 * @throws NotFinite when the loss or the gradient norm is; the state is untouched then.
 */
export async function trainStep<P extends ParamTree, B extends TensorBatch>(
  state: TrainState<P>,
  options: TrainOptions<P, B>,
): Promise<{ state: TrainState<P>; row: StepRow; images: number }> {
  const { optimizer, seed, freeze = () => false, accumulate = 1, emaDecay = 0, communicator = alone } = options;
  const { step } = state;
  const scheme = drawScheme(options.schemes, seed, step);
  const factor = scheduleAt(options.schedule, step);
  const parts = partsOf(accumulate, communicator).map((part) => ({ part, load: () => options.batch(step, part) }));
  const trained: PathFilter = (path) => !freeze(path);
  const { terms, gradients, images } = await lossesAndGradients(state.params, options.loss, { step, scheme, seed }, parts, trained, communicator);
  const { norm, scale } = await clipping(gradients, options.clipNorm);
  const row: StepRow = { ...terms, loss: terms.loss, gradientNorm: norm, learningRate: optimizer.learningRate * factor, patchSize: formatScheme(scheme) };
  if (!Number.isFinite(row.loss) || !Number.isFinite(norm)) {
    disposeTree(gradients);
    throw new NotFinite(`loss ${row.loss} and gradient norm ${norm} at step ${step + 1} (patch size ${row.patchSize}, learning rate ${row.learningRate})`);
  }
  const { params, slots } = applyUpdates(optimizer, state, gradients, { count: step, schedule: factor, gradientScale: scale });
  const ema = state.ema && updateAverage(state.ema, params, emaDecay);
  return { state: { ...state, step: step + 1, params, slots, ema }, row, images };
}

/** The parts of a batch that a rank computes: the ranks take them in turn. */
function partsOf(parts: number, { rank, size }: Communicator): number[] {
  return Array.from({ length: parts }, (_, part) => part).filter((part) => part % size === rank);
}

/** Throws NotFinite where a weight is: a finite gradient may still throw a weight off, and no such state may be kept. */
export async function requireFinite<P extends ParamTree>({ step, params }: TrainState<P>): Promise<void> {
  const norm = await number(globalNorm(params));
  if (!Number.isFinite(norm)) throw new NotFinite(`weights of norm ${norm} after step ${step}`);
}

/** Throws on every rank where the ranks' weights have come apart. */
export async function requireOneModel<P extends ParamTree>({ step, params }: TrainState<P>, communicator: Communicator): Promise<void> {
  if (communicator.size > 1) await requireAlike(await number(globalNorm(params)), step, communicator);
}

/** The global norm of the gradients and the factor that brings it down to `clipNorm`, as numbers. */
async function clipping(gradients: ParamTree, clipNorm: number | undefined): Promise<{ norm: number; scale: number }> {
  if (clipNorm === undefined) return { norm: await number(globalNorm(gradients)), scale: 1 };
  const clip = clipByGlobalNorm(gradients, clipNorm);
  return { norm: await number(clip.norm), scale: await number(clip.scale) };
}

async function number(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value;
}
