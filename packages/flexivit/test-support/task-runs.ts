import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HeadTask } from "../src/index.ts";
import { flexivit, type Outcome } from "./program.ts";
import { sceneFiles, type SceneFiles } from "./scene-files.ts";

/** Models of five scenes, one of each task that was asked for, trained by the command for a second. */
export type TaskRuns = {
  files: SceneFiles;
  /** Where the run folders are, each named after its task. */
  out: string;
  models: Record<HeadTask, string>;
  /** What `--data` names. */
  data: Record<HeadTask, string>;
  /** `flexivit train` with the flags of these runs, some of them changed; an empty value is a flag without one. */
  train: (task: HeadTask, changes?: Record<string, string>) => Promise<Outcome>;
  remove: () => Promise<void>;
};

/** Writes scenes and trains models of these tasks; the caller removes them. */
export async function taskRuns(trained: readonly HeadTask[] = ["detect", "segment", "depth"]): Promise<TaskRuns> {
  const files = await sceneFiles(5, 4);
  const out = await mkdtemp(join(tmpdir(), "flexivit-task-runs-"));
  const data = { classify: "pictures", detect: files.coco, segment: `ade20k:${files.ade20k}`, depth: `nyu:${files.nyu}` };
  const train = (task: HeadTask, changes: Record<string, string> = {}): Promise<Outcome> => {
    const flags = { task, data: data[task], out, name: task, variant: "mu", "image-size": "24", "patch-sizes": "8,6", steps: "30", "batch-size": "4", "learning-rate": "0.005", "no-flip": "", ...changes };
    return flexivit("train", ...Object.entries(flags).flatMap(([name, value]) => (value === "" ? [`--${name}`] : [`--${name}`, value])), "--json");
  };
  const head = join(files.folder, "head.json");
  await writeFile(head, JSON.stringify({ masks: { dim: 8 } }));
  const changes: Record<HeadTask, Record<string, string>> = { detect: { val: data.detect, "head-config": head }, segment: {}, depth: { val: data.depth } };
  for (const task of trained) {
    const { code, err } = await train(task, changes[task]);
    if (code !== 0) throw new Error(err);
  }
  const models = Object.fromEntries(trained.map((task) => [task, join(out, task, "model.safetensors")])) as Record<HeadTask, string>;
  return { files, out, models, data, train, remove: async () => void (await Promise.all([files.folder, out].map((folder) => rm(folder, { recursive: true })))) };
}
