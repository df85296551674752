import { join } from "node:path";
import { writeJson } from "../atomic-file.ts";
import { readJson, runPaths, type RunManifest } from "../run-folder.ts";

/** Where a run goes, and its name there where that is another one. */
export type WandbTarget = { readonly baseUrl: string; readonly project: string; readonly entity?: string; readonly name?: string };

/** The content of `wandb/state.json`: how much of a run is where. */
export type ShippingState = {
  readonly format: 1;
  readonly target: WandbTarget;
  /** Lines that the server has confirmed, from the first one on. */
  readonly confirmed: number;
  /** Lines up to which the `.wandb` file goes. */
  readonly written: number;
  /** How many resumes of the log are taken into account here. */
  readonly resumes: number;
  /** Whether the server knows that the run has ended. */
  readonly complete: boolean;
  readonly url?: string;
};

/** Paths of what a run keeps for W&B; the folder has the name that `wandb sync` looks for. */
export function wandbPaths(folder: string, { id, createdAt }: Pick<RunManifest, "id" | "createdAt">): Record<"folder" | "state" | "owner" | "file" | "messages", string> {
  const time = createdAt.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
  const [all, own] = [join(folder, "wandb"), join(folder, "wandb", `offline-run-${time}-${id}`)];
  return { folder: own, state: join(all, "state.json"), owner: join(all, "owner"), file: join(own, `run-${id}.wandb`), messages: join(all, "messages.log") };
}

/** `wandbPaths` of a run folder that holds a run. */
export function pathsOf(folder: string): ReturnType<typeof wandbPaths> {
  return wandbPaths(folder, readJson<RunManifest>(runPaths(folder).config, undefined as never));
}

/** The state of a run's shipping; undefined where it was never begun. */
export function readState(path: string): ShippingState | undefined {
  const state = readJson<ShippingState | undefined>(path, undefined);
  return state?.format === 1 ? state : undefined;
}

export function writeState(path: string, state: ShippingState): void {
  writeJson(path, state);
}

export function sameTarget(a: WandbTarget, b: WandbTarget): boolean {
  return a.baseUrl === b.baseUrl && a.project === b.project && (a.entity ?? b.entity) === (b.entity ?? a.entity);
}
