import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { WandbTarget } from "./shipping-state.ts";

/** How a run is brought to Weights & Biases. */
export type WandbOptions = {
  /** Default: the environment's WANDB_PROJECT, else "flexivit". */
  readonly project?: string;
  /** The user or team that owns the run. Default: WANDB_ENTITY, else the owner of the key. */
  readonly entity?: string;
  /** The run's name there; default: its name. */
  readonly name?: string;
  /** Default: WANDB_BASE_URL, else the public server. */
  readonly baseUrl?: string;
  /**
   * "live" (default) sends rows as they come, "auto" does where there is a key, "offline" only writes the file for
   * `wandb sync`. WANDB_MODE=offline and WANDB_MODE=disabled, as W&B's own client knows them, come before it.
   */
  readonly mode?: "live" | "auto" | "offline";
  /** How long `finish` waits for the rest to be sent; default 10 s. */
  readonly finishTimeoutMs?: number;
  /** How long a request may take; default 10 s. */
  readonly requestTimeoutMs?: number;
  /** Takes the lines for people; default: standard error. */
  readonly say?: (line: string) => void;
};

const publicServer = "https://api.wandb.ai";

/** Returns where a run goes, by the options and the environment. */
export function targetOf({ project, entity, baseUrl, name }: WandbOptions): WandbTarget {
  const { WANDB_PROJECT, WANDB_ENTITY, WANDB_BASE_URL } = process.env;
  const server = (baseUrl ?? WANDB_BASE_URL) || publicServer;
  return { baseUrl: server.replace(/\/+$/, ""), project: project || WANDB_PROJECT || "flexivit", entity: entity || WANDB_ENTITY || undefined, name };
}

/** Returns the API key for a server: WANDB_API_KEY, else the password of its entry in ~/.netrc. */
export function findApiKey(baseUrl: string, netrc: string = process.env["NETRC"] ?? join(homedir(), ".netrc")): string | undefined {
  const { WANDB_API_KEY } = process.env;
  if (WANDB_API_KEY) return WANDB_API_KEY;
  if (!existsSync(netrc)) return undefined;
  const words = readFileSync(netrc, "utf8").replaceAll(/#.*$/gm, "").split(/\s+/);
  const start = words.findIndex((word, index) => words[index - 1] === "machine" && word === new URL(baseUrl).hostname);
  if (start < 0) return undefined;
  const end = words.indexOf("machine", start);
  const entry = words.slice(start, end < 0 ? undefined : end);
  const at = entry.indexOf("password");
  return at < 0 ? undefined : entry[at + 1];
}

/** Returns the page of a run; the public server shows its pages under another name. */
export function runUrl({ baseUrl, project }: WandbTarget, entity: string, id: string): string {
  const pages = baseUrl === publicServer ? "https://wandb.ai" : baseUrl;
  return `${pages}/${[entity, project, "runs", id].map((part) => encodeURIComponent(part)).join("/")}`;
}
