import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { runPaths } from "../run-folder.ts";
import { ownerOf } from "./ownership.ts";
import { describeShipping } from "./run-shipping.ts";
import type { ShippingReport } from "./ship.ts";
import { startShippingProcess } from "./shipping-process.ts";
import { pathsOf, readState, type WandbTarget } from "./shipping-state.ts";
import { findApiKey, targetOf, type WandbOptions } from "./wandb-settings.ts";

/** What `syncRun` takes; where it says nothing, the run goes where it went before. */
export type SyncOptions = Pick<WandbOptions, "project" | "entity" | "baseUrl" | "requestTimeoutMs"> & {
  /** How long sending may take; default 10 minutes. */
  readonly timeoutMs?: number;
};

/** How far a run is on the server. */
export type SyncResult = ShippingReport & { /** The same in one line. */ readonly text: string };

/**
 * Sends what the server does not have yet of a run, also of one that was logged without W&B or was killed, and returns how far
 * it is there.
 *
 * Lines are sent by their place in the run, so that each exists once however often this is called.
 * Throws where the folder holds no run, there is no API key, or another process is sending the run.
 */
export async function syncRun(folder: string, options: SyncOptions = {}): Promise<SyncResult> {
  const run = resolve(folder);
  if (!existsSync(runPaths(run).config)) {
    throw new Error(`syncRun(folder): expected a folder with config.json, got ${folder}. Pass the folder of a run.`);
  }
  const target = syncTarget(run, options);
  const apiKey = findApiKey(target.baseUrl);
  if (apiKey === undefined) {
    throw new Error(`syncRun(folder): expected an API key for ${target.baseUrl}, got none. Set WANDB_API_KEY, or run: wandb login`);
  }
  const { timeoutMs = 600_000, requestTimeoutMs = 10_000 } = options;
  const report = await startShippingProcess({ folder: run, target, apiKey, requestTimeoutMs }).finish(timeoutMs);
  return { ...report, text: describeShipping(run, report) };
}

function syncTarget(folder: string, options: SyncOptions): WandbTarget {
  const paths = pathsOf(folder);
  const owner = ownerOf(paths.owner);
  if (owner !== undefined) {
    throw new Error(`syncRun(folder): expected a run that nobody is sending, got one that process ${owner} sends. Wait until it has ended.`);
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return targetOf({ ...readState(paths.state)?.target, ...given });
}
