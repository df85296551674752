import { join } from "node:path";
import { cifar10, fashionMnist, type ImageSource } from "@flexivit/data";
import { openTaskData as openSet, type HeadTask, type TaskSources } from "flexivit";
import { asOneClass, ofClasses } from "./chosen-pictures.ts";
import type { SceneOptions } from "./scenes/compose.ts";
import { composedScenes, type ComposedScenes } from "./scenes/composed.ts";
import { rayCastScenes } from "./scenes/ray-cast-scenes.ts";
import type { TaskData } from "./subject.ts";

type Sets<T extends HeadTask> = { training: TaskSources[T]; test: TaskSources[T] };

/** A data set of a task, in a folder where it is not made here. */
type Opener<T extends HeadTask> = (folder: string) => Promise<Sets<T>>;

const openers: { [T in HeadTask]: Record<string, Opener<T>> } = {
  detect: {
    "composed-scenes": async () => objectsOf(await composedSets(true, sparse)),
    "composed-scenes-plain": async () => objectsOf(await composedSets(false, sparse)),
    coco: (folder) => bothSplits("detect", `coco:${folder}`),
  },
  segment: {
    "composed-scenes": async () => labelsOf(await composedSets(true)),
    "composed-scenes-plain": async () => labelsOf(await composedSets(false)),
    ade20k: (folder) => bothSplits("segment", `ade20k:${folder}`),
  },
  depth: {
    "ray-cast-scenes": async () => rayCastSets(await cifar10()),
    "ray-cast-scenes-plain": async () => rayCastSets(await fashionMnist()),
    // Each half with `rgb/`, `depth/` (millimetres) and `normals/`.
    nyu: async (folder) => ({ training: await openSet("depth", `nyu:${join(folder, "train")}`, { split: "training" }), test: await openSet("depth", `nyu:${join(folder, "test")}`, { split: "validation" }) }),
  },
};

/**
 * Opens the data of a task: scenes that are made here by their name, others as `kind:folder`, such as `coco:/data/coco`.
 *
 * @throws where there is no such kind for the task, or a folder is missing or not needed
 */
export async function openTaskData<T extends HeadTask>(task: T, name: string): Promise<TaskData<T>> {
  const [kind, ...rest] = name.split(":");
  const known: Record<string, Opener<T>> = openers[task];
  const folder = rest.join(":");
  const isMade = kind.includes("scenes");
  if (!Object.hasOwn(known, kind) || isMade === folder.length > 0) {
    const names = Object.keys(known).map((one) => (one.includes("scenes") ? one : `${one}:FOLDER`));
    throw new Error(`experiment(data): expected one of ${names.join(", ")} to ${task}, got "${name}". Choose one with --data.`);
  }
  return { name, ...(await known[kind](folder)) };
}

/** The garments that are told apart most easily by their outline. */
const garments = ["T-shirt/top", "Trouser", "Sneaker", "Bag"];
const sceneSizePx = 192; // objects cover from 20 to 190 px: COCO's small, medium and large all occur
const scenes = { training: 20_000, test: 1000 };

/** One to three objects that hardly hide each other, for what has to tell one from the other. */
const sparse: Partial<SceneOptions> = { objects: [1, 3], sides: [0.15, 0.9], leastVisible: 0.9 };

type SceneSets = { training: ComposedScenes; test: ComposedScenes };

/** Scenes of Fashion-MNIST's garments, before photographs of CIFAR-10 or plain ones; training and test share no picture. */
async function composedSets(photographs: boolean, how: Partial<SceneOptions> = {}): Promise<SceneSets> {
  const sprites = await fashionMnist();
  const behind = photographs ? await cifar10() : undefined;
  const make = (name: "training" | "test", half: "train" | "test"): ComposedScenes =>
    composedScenes({ ...how, name: `composed ${name}`, seed: half === "train" ? 0 : 1, pictures: scenes[name], sizePx: sceneSizePx, sprites: ofClasses(sprites[half], garments), backgrounds: behind?.[half] });
  return { training: make("training", "train"), test: make("test", "test") };
}

/** Where garments are is asked of a detector, not which: kinds take a small one longer to learn than an experiment lasts. */
const objectsOf = ({ training, test }: SceneSets): Sets<"detect"> => ({ training: asOneClass(training.objects, "garment"), test: asOneClass(test.objects, "garment") });

const labelsOf = ({ training, test }: SceneSets): Sets<"segment"> => ({ training: training.labels, test: test.labels });

/** A set in a folder that has a part for training and one for validation. */
async function bothSplits<T extends HeadTask>(task: T, name: string): Promise<Sets<T>> {
  return { training: await openSet(task, name, { split: "training" }), test: await openSet(task, name, { split: "validation" }) };
}

/** Rooms whose surfaces show the pictures of a set; training and test share neither rooms nor pictures. */
function rayCastSets({ train, test }: { train: ImageSource; test: ImageSource }): Sets<"depth"> {
  const size = [96, 96] as const;
  return { training: rayCastScenes({ seed: 0, scenes: 2000, pictures: train, size }), test: rayCastScenes({ seed: 1, scenes: 400, pictures: test, size }) };
}
