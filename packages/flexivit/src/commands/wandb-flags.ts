import type { RunOptions, WandbOptions } from "@flexivit/run-log";
import type { Command } from "commander";
import { names } from "./options.ts";

/** Flags that bring a run to Weights & Biases. */
export type WandbFlags = {
  /** A project, "auto", or true where only the flag was given. */
  wandb?: string | true;
  wandbEntity?: string;
  wandbGroup?: string;
  wandbTags?: string[];
  wandbNotes?: string;
  wandbOffline?: boolean;
};

/** Declares `--wandb` and where it goes. */
export function addWandbTarget(command: Command): Command {
  return command
    .option("--wandb [project]", 'bring the run to Weights & Biases as it goes on; "auto": only where there is an API key (WANDB_API_KEY, ~/.netrc)')
    .option("--wandb-offline", "only write the file for `flexivit sync` and `wandb sync`")
    .option("--wandb-entity <name>", "user or team that owns the run (default: owner of the key)");
}

/** Declares all flags for W&B. */
export function addWandbFlags(command: Command): Command {
  return addWandbTarget(command)
    .option("--wandb-group <name>", "runs that belong together")
    .option("--wandb-tags <list>", "tags, such as small,first", names)
    .option("--wandb-notes <text>", "a remark on the run");
}

/** What of a run's options the flags say; nothing of W&B without `--wandb` and `--wandb-offline`. */
export function wandbRunOptions(flags: WandbFlags): Pick<RunOptions, "group" | "tags" | "notes" | "wandb"> {
  const { wandb, wandbEntity: entity, wandbGroup: group, wandbTags: tags, wandbNotes: notes, wandbOffline } = flags;
  const described = { group, tags, notes };
  if (wandb === undefined && !wandbOffline) return described;
  const project = wandb === true || wandb === "auto" ? undefined : wandb;
  const mode: WandbOptions["mode"] = wandbOffline ? "offline" : wandb === "auto" ? "auto" : "live";
  return { ...described, wandb: { project, entity, mode } };
}
