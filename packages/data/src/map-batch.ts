import { random, type RandomStream } from "@flexivit/random";
import { checkCount, sizeOf, type Batch } from "./batch.ts";
import { chooseView, type ChooseView, type EvaluationFraming, type Framing } from "./framing.ts";
import { applyViewToMap, mapFormats, wholeMap, type MapKind, type Maps, type MapSource } from "./maps.ts";
import { normalise, type Normalisation } from "./normalisation.ts";
import { drawsAt } from "./order.ts";
import { prefetch } from "./prefetch.ts";
import { scaleCrop, type ScaleCrop } from "./scale-crop.ts";
import type { PictureSource } from "./source.ts";
import type { Seen, Size } from "./view.ts";

/**
 * Pictures and their maps through one view each; `labels`, `depth` [batch, height, width], `normals` [batch, height, width, 3].
 * `seen` tells per picture its size and its view.
 */
export type MapBatch<Kind extends MapKind> = Pick<Batch, "images" | "shape" | "indices"> & { seen: Seen[] } & Pick<Maps, Kind>;

export type MapBatchOptions = {
  seed: number;
  batchSize: number;
  /** Pixels of the square side, or height and width. */
  imageSize: number | Size;
  framing: Framing | ScaleCrop;
  /** Pixels in [-1, 1] unless given. */
  normalisation?: Normalisation;
};

/**
 * The pictures and maps of training step `step`, counted from 0: a function of the source, the options and the step.
 *
 * Order and views are those of `batchAt`: a picture and its maps are cut, resized and mirrored alike.
 *
 * @throws where a map has another size than its picture, or a file cannot be read; the message names it
 */
export async function mapBatchAt<Kind extends MapKind>(source: MapSource<Kind>, step: number, options: MapBatchOptions): Promise<MapBatch<Kind>> {
  const { seed, batchSize, framing, normalisation } = options;
  checkCount("mapBatchAt(batchSize)", batchSize, 1);
  checkCount("mapBatchAt(step)", step, 0);
  const size = sizeOf("mapBatchAt(imageSize)", options.imageSize);
  if (source.size === 0) throw new Error("mapBatchAt(source): expected at least 1 picture, got 0. Check the folder.");
  const draws = drawsAt(source.size, seed, batchSize, step);
  const requests = draws.map(({ index, epoch }) => ({ index, stream: () => random(seed, "view", epoch, index) }));
  return readMaps(source, requests, size, { choose: chooseMapView(framing, size), normalisation, kinds: source.kinds });
}

/** As `chooseView`, but exact unless `fast-bilinear` is asked for: that is off by half a pixel where pictures grow, and maps are not. */
function chooseMapView(framing: Framing | ScaleCrop, size: Size): ChooseView {
  if (framing.kind === "scale-crop") return (picture, stream) => scaleCrop(picture, size, framing, stream());
  return chooseView(framing.kind === "inception-crop" ? { resampling: "pil-bilinear", ...framing } : framing, size);
}

export type MapEvaluationOptions<Kind extends MapKind = MapKind> = {
  batchSize: number;
  imageSize: number | Size;
  framing: EvaluationFraming;
  /** Pixels in [-1, 1] unless given. */
  normalisation?: Normalisation;
  /** Which maps are read with the pictures; all that there are unless given. */
  kinds?: readonly Kind[];
  /** How many batches are prepared ahead, 2 by default. */
  ahead?: number;
};

/** All pictures of a source with their maps, in order, each once; the last batch may be smaller. */
export function mapEvaluationBatches<Kind extends MapKind, Read extends Kind = Kind>(
  source: MapSource<Kind>,
  options: MapEvaluationOptions<Read>,
): AsyncGenerator<MapBatch<Read>, void, void> {
  const { batchSize, ahead, framing, normalisation, kinds = source.kinds as readonly Kind[] as readonly Read[] } = options;
  checkCount("mapEvaluationBatches(batchSize)", batchSize, 1);
  const size = sizeOf("mapEvaluationBatches(imageSize)", options.imageSize);
  const choose = chooseView(framing, size);
  const make = (step: number): Promise<MapBatch<Read>> => {
    const length = Math.min(batchSize, source.size - step * batchSize);
    return readMaps(source, Array.from({ length }, (_, i) => ({ index: step * batchSize + i, stream: noDraws })), size, { choose, normalisation, kinds });
  };
  return prefetch(make, { from: 0, to: Math.ceil(source.size / batchSize), ahead });
}

function noDraws(): never {
  throw new Error("mapEvaluationBatches(framing): expected a framing without draws. Use shorter-side, squash or centre-crop.");
}

type Request = { index: number; stream: () => RandomStream };

type ReadOptions<Kind extends MapKind> = { choose: ChooseView; normalisation?: Normalisation; kinds: readonly Kind[] };

async function readMaps<Kind extends MapKind>(source: Omit<MapSource<Kind>, "kinds">, requests: readonly Request[], [height, width]: Size, { choose, normalisation, kinds }: ReadOptions<Kind>): Promise<MapBatch<Kind>> {
  const { channels } = source;
  const pixels = requests.length * height * width;
  const images = new Uint8Array(pixels * channels);
  const maps = Object.fromEntries(kinds.map((kind) => [kind, new (kind === "labels" ? Int32Array : Float32Array)(pixels * mapFormats[kind].channels)])) as Pick<Maps, Kind>;
  const pending = requests.map(async (request, i) => {
    const part = <Values extends Uint8Array | Maps[MapKind]>(values: Values): Values => {
      const length = values.length / requests.length;
      return values.subarray(i * length, (i + 1) * length) as Values;
    };
    const one = await readPicture(source, request, choose, part(images));
    for (const kind of kinds) applyViewToMap(kind, await wholeMap(source, request.index, kind, one.size), one.view, part(maps[kind]));
    return one;
  });
  // All are awaited even where one fails, so that no read is under way once this function is done.
  const failed = (await Promise.allSettled(pending)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  const shape: Batch["shape"] = [requests.length, height, width, channels];
  const seen = await Promise.all(pending);
  return { images: normalise(images, channels, normalisation), shape, indices: Uint32Array.from(requests, ({ index }) => index), seen, ...maps };
}

/** Reads a picture, and tells its size and the view that was chosen. */
async function readPicture(source: PictureSource, { index, stream }: Request, choose: ChooseView, out: Uint8Array): Promise<Seen> {
  let seen: Seen | undefined;
  const remember: ChooseView = (size, draws) => (seen = { size, view: choose(size, draws) }).view;
  await source.read(index, { choose: remember, stream, out });
  if (!seen) throw new Error(`mapBatchAt(source): expected a source that chooses a view for ${source.name(index)}, got none. Call request.choose in read.`);
  return seen;
}
