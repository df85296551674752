import { convertBox, maskToCoco } from "@flexivit/annotations";
import { depthPng, drawDepth, drawLabels, drawNormals, drawObjects, ignoreLabel, labelsPng, normalsPng, sideBySide, type PixelMap, type Pixels, type Seen } from "@flexivit/data";
import type { Detection } from "@flexivit/detect";
import { mapOfPicture } from "../tasks/map-of-picture.ts";
import { detectionsInPictures } from "../tasks/detections-in-pictures.ts";
import type { PredictOptions, TaskOutputs } from "../tasks/task-definition.ts";
import type { HeadTask, TaskInfo } from "../tasks/task-model.ts";
import { percent } from "./print.ts";

/** What is said of one picture: plain data for JSON, a line for people, and files by the end of their names. */
export type Presentation = { result: Record<string, unknown>; line: string; files: Record<string, Uint8Array> };

/** A picture as it is, and how the model saw it. */
export type Shown = { picture: Pixels; seen: Seen };

type Presenter<T extends HeadTask> = (outputs: TaskOutputs[T], info: TaskInfo<T>, shown: readonly Shown[], options: PredictOptions) => Promise<Presentation[]>;

/** Per task, what `flexivit predict` says and draws, in pixels of the pictures as they are. */
export const presenters: { readonly [T in HeadTask]: Presenter<T> } = {
  async detect(outputs, info, shown, options) {
    const found = await detectionsInPictures(outputs, info.head, shown.map(({ seen }) => seen), options);
    return Promise.all(found.map((objects, i) => presentObjects(objects, info, shown[i])));
  },
  async segment(outputs, { classes }, shown) {
    return Promise.all(shown.map(async (one, i) => presentLabels(await mapOfPicture(outputs, i, "labels", one.seen), classes, one)));
  },
  async depth({ depth, normals }, _info, shown) {
    return Promise.all(
      shown.map(async (one, i) =>
        presentDepth({ depth: depth && (await mapOfPicture(depth, i, "depth", one.seen)), normals: normals && (await mapOfPicture(normals, i, "normals", one.seen)) }, one),
      ),
    );
  },
};

async function presentObjects(found: readonly Detection[], { classes, categoryIds }: TaskInfo<"detect">, { picture }: Shown): Promise<Presentation> {
  const objects = found.map(({ box, class: index, score, mask }) => ({
    class: classes[index],
    category_id: categoryIds?.[index] ?? index,
    score,
    bbox: convertBox(box, "xyxy", "xywh"),
    ...(mask && { segmentation: maskToCoco(mask) }),
  }));
  const drawn = await drawObjects(picture, found.map((object) => ({ ...object, label: classes[object.class] })));
  const line = objects.map((object) => `${object.class} ${percent(object.score)}`).join(", ");
  return { result: { objects }, line: line || "nothing", files: { ".png": drawn } };
}

async function presentLabels({ size, values }: PixelMap<"labels">, classes: readonly string[], shown: Shown): Promise<Presentation> {
  const counts = classes.map(() => 0);
  for (const label of values) if (label !== ignoreLabel) counts[label]++;
  const counted = counts.reduce((sum, count) => sum + count, 0);
  const shares = classes.map((name, index) => ({ class: name, share: counts[index] / counted })).filter(({ share }) => share > 0);
  shares.sort((a, b) => b.share - a.share);
  const files = { ".labels.png": await labelsPng(values, size), ".png": await drawLabels(shown.picture, values, classes) };
  return { result: { classes: shares }, line: shares.map(({ class: name, share }) => `${name} ${percent(share)}`).join(", ") || "nothing", files };
}

async function presentDepth({ depth, normals }: { depth?: PixelMap<"depth">; normals?: PixelMap<"normals"> }, shown: Shown): Promise<Presentation> {
  const drawn: [caption: string, png: Uint8Array][] = [["picture", await drawObjects(shown.picture, [])]];
  const presentation: Presentation = { result: {}, line: "normals", files: {} };
  if (depth) {
    const { size, values } = depth;
    const range = rangeOf(values);
    presentation.result = { depth: range };
    presentation.line = range ? `${range.nearest.toPrecision(3)} to ${range.farthest.toPrecision(3)} m, median ${range.median.toPrecision(3)} m` : "no depth above 0";
    presentation.files[".depth.png"] = await depthPng(values, size);
    drawn.push(["depth", await drawDepth(values, size)]);
  }
  if (normals) {
    const { size, values } = normals;
    presentation.files[".normals.png"] = await normalsPng(values, size);
    drawn.push(["normals", await drawNormals(values, size)]);
  }
  presentation.files[".png"] = await sideBySide(drawn.map(([, png]) => png), { captions: drawn.map(([caption]) => caption) });
  return presentation;
}

/** Of the depths that are above 0 and finite; null where none is. */
function rangeOf(depths: Float32Array): { nearest: number; median: number; farthest: number } | null {
  const known = depths.filter((metres) => metres > 0 && metres < Infinity).sort();
  return known.length === 0 ? null : { nearest: known[0], median: known[known.length >> 1], farthest: known[known.length - 1] };
}
