import { existsSync } from "node:fs";
import { join } from "node:path";
import { ade20k, cityscapes, cocoPictures, hypersim, nyuDepth, type Skipped } from "@flexivit/data";
import type { HeadTask, TaskSources } from "./tasks/task-model.ts";

/** Pictures with what a task is to find in them, and those that were left out. */
export type TaskData<T extends HeadTask> = TaskSources[T] & { skipped: readonly Skipped[] };

export type OpenTaskOptions = {
  /** Which part of a set that has two. */
  split: "training" | "validation";
  /** Where the pictures of a FILE.json are; its own folder unless given. */
  pictures?: string;
  /** Refuse unusable pictures instead of leaving them out. */
  strict?: boolean;
};

type Openers<T extends HeadTask> = Record<string, (place: string, options: OpenTaskOptions) => Promise<TaskData<T>>>;

const openers: { [T in HeadTask]: Openers<T> } = {
  detect: {
    coco: cocoRelease,
    json: (file, { pictures, strict }) => cocoPictures(file, { folder: pictures, strict }),
  },
  segment: {
    ade20k: (folder, { split, strict }) => ade20k(folder, split, { strict }),
    cityscapes: (folder, { split, strict }) => cityscapes(folder, split === "training" ? "train" : "val", { strict }),
  },
  depth: {
    nyu: (folder, { strict }) => (existsSync(join(folder, "normals")) ? nyuDepth(folder, { strict, normals: "normals" }) : nyuDepth(folder, { strict })),
    hypersim: (folder, { strict }) => hypersim(folder, { strict }),
  },
};

/** What `--data` may name beside the sets of classifiers. */
export const taskDataHelp: string = "detect: coco:FOLDER, FILE.json; segment: ade20k:FOLDER, cityscapes:FOLDER; depth: nyu:FOLDER, hypersim:FOLDER";

/** Sets whose readers know which pictures are for training and which for validation. */
const withSplits = ["coco", "ade20k", "cityscapes"];

/**
 * Opens a data set of a task by its name: `coco:FOLDER` with the release of 2017 as it is unpacked, or any `FILE.json` in the
 * COCO format; `ade20k:FOLDER`, `cityscapes:FOLDER`; `nyu:FOLDER`, with normals where it has a folder `normals`, `hypersim:FOLDER`.
 *
 * @throws where the task has no such set, pictures are named beside another set than a FILE.json, and as the set's reader does
 */
export async function openTaskData<T extends HeadTask>(task: T, name: string, options: OpenTaskOptions): Promise<TaskData<T>> {
  const { kind, place } = partsOf(name);
  const kinds: Openers<T> = openers[task];
  if (options.pictures !== undefined && kind !== "json") {
    throw new Error(`openTaskData(pictures): expected a FILE.json in the COCO format with it, got "${name}". Leave it out.`);
  }
  if (place !== "" && Object.hasOwn(kinds, kind)) return kinds[kind](place, options);
  const expected = Object.keys(kinds).map((known) => (known === "json" ? "FILE.json in the COCO format" : `${known}:FOLDER`));
  throw new Error(`openTaskData(--data): expected ${expected.join(" or ")} for ${task}, got "${name}". Name one of these.`);
}

/** Whether the validation part of a set is another one than its training part. */
export function hasSplits(name: string): boolean {
  return withSplits.includes(partsOf(name).kind);
}

function partsOf(name: string): { kind: string; place: string } {
  const [, kind, place] = /^([a-z0-9]{2,}):(.*)$/.exec(name) ?? []; // one letter would be a drive
  if (kind !== undefined) return { kind, place };
  return name.endsWith(".json") ? { kind: "json", place: name } : { kind: "", place: name };
}

/** Where the annotations of a detector's set are that `name` stands for. */
export function annotationsOf(name: string, split: OpenTaskOptions["split"]): string {
  const { kind, place } = partsOf(name);
  return kind === "coco" ? join(place, "annotations", `instances_${cocoHalf(split)}.json`) : place;
}

/** The release's own annotations with the pictures in the folder of their half. */
function cocoRelease(folder: string, { split, strict }: OpenTaskOptions): Promise<TaskData<"detect">> {
  return cocoPictures(annotationsOf(`coco:${folder}`, split), { folder: join(folder, cocoHalf(split)), strict, check: "name" });
}

const cocoHalf = (split: OpenTaskOptions["split"]): string => (split === "training" ? "train2017" : "val2017");
