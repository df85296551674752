import { join, relative } from "node:path";
import type { ShippingReport } from "./ship.ts";
import { startShippingProcess } from "./shipping-process.ts";
import { findApiKey, targetOf, type WandbOptions } from "./wandb-settings.ts";

/** The way of a run to W&B. */
export type RunShipping = {
  /** Waits for the rest, as long as the options say, and tells in one line what was sent and how to send the rest. */
  finish(): Promise<void>;
};

const defaults = { finishTimeoutMs: 10_000, requestTimeoutMs: 10_000 };

/** Starts to bring an open run to W&B; undefined where the environment says that nothing is to be sent. */
export function startRunShipping(folder: string, options: WandbOptions): RunShipping | undefined {
  const { WANDB_MODE } = process.env;
  if (WANDB_MODE === "disabled") return undefined;
  const { mode = "live", finishTimeoutMs, requestTimeoutMs, say = sayOnStderr } = { ...defaults, ...options };
  const target = targetOf(options);
  const isLive = mode !== "offline" && WANDB_MODE !== "offline";
  const apiKey = isLive ? findApiKey(target.baseUrl) : undefined;
  if (mode === "live" && isLive && apiKey === undefined) {
    say(`W&B: no API key for ${target.baseUrl} in WANDB_API_KEY or ~/.netrc, so nothing is sent now; the rows are kept.`);
  }
  const shipping = startShippingProcess({ folder, target, apiKey, requestTimeoutMs });
  return {
    async finish() {
      say(describeShipping(folder, await shipping.finish(finishTimeoutMs)));
    },
  };
}

/** Says in one line what was sent, where it is, and how to send the rest. */
export function describeShipping(folder: string, { lines, confirmed, files, complete, url, trouble, offlineFolder }: ShippingReport): string {
  const all = `${lines.toLocaleString("en")} row${lines === 1 ? "" : "s"}`;
  const where = url === undefined ? "" : `: ${url}`;
  const drawn = files === 0 ? "" : `; figures and tables are files, which only this sends: wandb sync ${shortPath(offlineFolder)}`;
  if (confirmed === lines && url !== undefined && (complete || !trouble)) return `W&B: all ${all} sent${where}${drawn}`;
  const why = trouble === undefined ? "" : ` (${trouble})`;
  const how = `send the rest with: flexivit sync ${shortPath(folder)}  or: wandb sync ${shortPath(offlineFolder)}`;
  return `W&B: ${confirmed.toLocaleString("en")} of ${all} sent${where}${why}; ${how}`;
}

function shortPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith("..") || here === "" ? join(path) : here;
}

function sayOnStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
