/** Bright and dark boxes before a grey wall: three short trainings by one recipe find them, their pixels and their distance, at patch sizes that were never drawn too. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pixelSource, type MapSource, type ObjectSource } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { disposeTree } from "@flexivit/params";
import { random } from "@flexivit/random";
import { openRun, textTable } from "@flexivit/run-log";
import { vitConfig } from "@flexivit/vit";
import { evaluateTask, loadTaskModel, taskDefaults, trainTask, type HeadConfigs, type HeadTask, type TaskModel, type TaskRecipe, type TaskSources } from "flexivit";

const side = 24;
const classes = ["dark", "bright"];

/** Grey pictures of 24x24 with a box of 8 to 14 px: the larger it is, the nearer. */
function scenes(count: number, seed: number): TaskSources {
  const boxes = Array.from({ length: count }, (_, index) => {
    const draw = random(seed, index);
    const size = 8 + draw.integer(7);
    const [left, top] = [draw.integer(side - size), draw.integer(side - size)];
    return { left, top, right: left + size, bottom: top + size, class: draw.integer(2), metres: 28 / size };
  });
  const inside = (index: number, place: number): boolean => {
    const [box, x, y] = [boxes[index], place % side, Math.floor(place / side)];
    return x >= box.left && x < box.right && y >= box.top && y < box.bottom;
  };
  /** [pixels]: one value in the box of a scene, another on its wall. */
  const map = (index: number, box: number, wall: number): number[] => Array.from({ length: side * side }, (_, place) => (inside(index, place) ? box : wall));
  const pixels = Uint8Array.from(boxes.flatMap((box, index) => map(index, box.class === 1 ? 220 : 20, 120)), (level, i) => level + ((7919 * i) % 23));
  const pictures = pixelSource({ name: "scene", pixels, height: side, width: side, channels: 1, labels: boxes.map(() => 0), classes: ["scene"] });
  const detect: ObjectSource = {
    ...pictures,
    classes,
    files: [],
    skipped: [],
    imageIds: boxes.map((_, index) => index),
    categoryIds: [1, 2],
    objects: (index) => [{ box: [boxes[index].left, boxes[index].top, boxes[index].right, boxes[index].bottom], class: boxes[index].class, crowd: false }],
  };
  const segment: MapSource<"labels"> = {
    ...pictures,
    kinds: ["labels"],
    classes: ["wall", ...classes],
    readMap: async (index) => ({ size: [side, side], values: Int32Array.from(map(index, 1 + boxes[index].class, 0)) as never }),
  };
  const depth: MapSource<"depth"> = {
    ...pictures,
    kinds: ["depth"],
    classes: [],
    readMap: async (index) => ({ size: [side, side], values: Float32Array.from(map(index, boxes[index].metres, 5)) as never }),
  };
  return { detect, segment, depth };
}

const dim = 48;
const heads: HeadConfigs = {
  detect: { dim, classes: 2, predictors: { kind: "queries", queries: 4, blocks: 1, heads: 2, hiddenDim: 96 }, objective: "softmax" },
  segment: { kind: "linear", dim, classes: 3 },
  depth: { dim, blocks: ["0", "1"], stridesPx: [2, 4], width: 16, depth: { kind: "log", nearest: 1, farthest: 10 } },
};

const recipeOf = <T extends HeadTask>(task: T): TaskRecipe<T> => ({
  ...taskDefaults,
  task,
  vit: vitConfig({ dim, depth: 2, hiddenDim: 96, heads: 2 }, { channels: 1, patchSize: [8, 8], positionGrid: [4, 4] }),
  head: heads[task],
  imageSizePx: side,
  patchSizes: ["8", "6", "4"],
  evaluatePatchSizes: ["6"],
  trainFraming: { kind: "squash" },
  batchSize: 16,
  steps: 150,
  optimizer: { kind: "adamw", learningRate: 4e-3 },
  schedule: { kind: "cosine", warmupSteps: 20 },
  evaluateEvery: 150,
  checkpointEvery: 150,
});

await useEngine();
const [training, test] = [scenes(400, 1), scenes(60, 2)];
const out = await mkdtemp(join(tmpdir(), "flexivit-example-"));
const rows: (string | number)[][] = [];
for (const [task, figure] of [["detect", "AP50"], ["segment", "meanIou"], ["depth", "rmse"]] as const) {
  const recipe = recipeOf<HeadTask>(task);
  const run = await openRun({ folder: join(out, task), name: task, config: recipe, report: false });
  const { file, status, model: trained } = await trainTask(recipe, { training: training[task], test: test[task], run });
  await run.finish(status);
  disposeTree(trained.params);
  const model: TaskModel = await loadTaskModel(file);
  for (const size of ["8", "6", "4", "6x4", "3"]) {
    const { tokens, figures } = await evaluateTask(model, test[task], parseScheme(size));
    rows.push([task, size, recipe.patchSizes.includes(size) ? "yes" : "no", tokens, figure, figures[figure].toFixed(3)]);
  }
  disposeTree(model.params);
}
console.log(textTable(["task", "patch size", "trained at", "tokens", "figure", "value"], rows));
await rm(out, { recursive: true });
