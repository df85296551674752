import { setTimeout } from "node:timers/promises";
import { openLiveRun, type LiveRun } from "./live-run.ts";
import { catchUp, closeFile, confirm, openShipment, restartFile, saveState, type Shipment } from "./shipment.ts";
import type { WandbTarget } from "./shipping-state.ts";
import { runUrl } from "./wandb-settings.ts";
import { Refused, wandbClient, type WandbClient } from "./wandb-client.ts";

/** What a shipping process is to do. */
export type ShippingTask = {
  readonly folder: string;
  readonly target: WandbTarget;
  /** The key to send with; without it only the `.wandb` file is written. */
  readonly apiKey?: string;
  readonly requestTimeoutMs: number;
};

/** How far a run got. */
export type ShippingReport = {
  /** Lines of the run, and how many of them the server has confirmed. */
  readonly lines: number;
  readonly confirmed: number;
  /** Whether the server knows that the run has ended. */
  readonly complete: boolean;
  readonly url?: string;
  /** What stood in the way. */
  readonly trouble?: string;
  /** The folder for `wandb sync`. */
  readonly offlineFolder: string;
};

/** Resolves when the run is over, with how long the rest may take. */
export type Finishing = Promise<{ timeoutMs: number }>;

const pollMs = 500;
const chunkLines = 5000;
const betweenPostsMs = 2000;
const exitCodes = { finished: 0, failed: 1, stopped: 130 } as const;

/** Brings a run's log to the `.wandb` file and, with a key, to the server, while it grows and until it is over. */
export async function ship(task: ShippingTask, finishing: Finishing): Promise<ShippingReport> {
  const shipment = await openShipment(task.folder, task.target);
  const over = new AbortController();
  const sender = task.apiKey === undefined ? undefined : startSender(shipment, task, task.apiKey, over.signal);
  const { timeoutMs } = await follow(shipment, finishing, sender === undefined);
  sender?.client.hurry();
  over.abort();
  const isInTime = !sender || (await Promise.race([sender.done.then(() => true), setTimeout(timeoutMs, false)]));
  closeFile(shipment, exitCodeOf(shipment));
  const { confirmed, complete, url, paths, tail } = shipment;
  const trouble = sender?.trouble() ?? (isInTime ? undefined : "there was no time for more");
  return { lines: tail.lines.length, confirmed, complete, url, trouble, offlineFolder: paths.folder };
}

/** Brings what is logged to the file, until the run is over and all of it is there. */
async function follow(shipment: Shipment, finishing: Finishing, isOffline: boolean): Promise<{ timeoutMs: number }> {
  for (;;) {
    const given = await Promise.race([finishing, setTimeout(pollMs)]);
    await catchUp(shipment);
    if (isOffline) shipment.tail.forget(shipment.written);
    if (given) return given;
  }
}

function exitCodeOf({ tail }: Shipment): number | undefined {
  return tail.status && exitCodes[tail.status];
}

type Sender = { client: WandbClient; done: Promise<void>; trouble: () => string | undefined };

function startSender(shipment: Shipment, { target, requestTimeoutMs }: ShippingTask, apiKey: string, over: AbortSignal): Sender {
  const client = wandbClient({ baseUrl: target.baseUrl, apiKey, timeoutMs: requestTimeoutMs });
  let refusal: string | undefined;
  const crash = Promise.withResolvers<never>();
  // The SDK throws inside its own timers and listeners.
  process.on("uncaughtException", crash.reject).on("unhandledRejection", crash.reject);
  const done = Promise.race([sendAll(shipment, client, apiKey, over), crash.promise]).catch((error: unknown) => {
    refusal = error instanceof Refused ? error.message : `@wandb/sdk failed: ${String(error)}`;
    console.error(error);
  });
  return { client, done, trouble: () => refusal ?? client.trouble() };
}

/** Sends lines as they come until the run is over and all are confirmed. */
async function sendAll(shipment: Shipment, client: WandbClient, apiKey: string, over: AbortSignal): Promise<void> {
  const live = await openLiveRun(client, shipment.head, apiKey);
  await begin(shipment, client, live);
  for (;;) {
    if (shipment.confirmed < shipment.tail.lines.length) await sendChunk(shipment, live);
    else if (over.aborted) break;
    if (shipment.tail.lines.length - shipment.confirmed < chunkLines) await setTimeout(betweenPostsMs, undefined, { signal: over }).catch(() => undefined);
  }
  const exitCode = exitCodeOf(shipment);
  if (exitCode !== undefined) await live.end(exitCode, shipment.summary);
  shipment.complete = exitCode !== undefined;
  live.close();
}

/** Where the server has fewer lines than it confirmed, what is missing is sent again; where it has more, they are put in order. */
async function begin(shipment: Shipment, client: WandbClient, live: LiveRun): Promise<void> {
  shipment.url = runUrl(shipment.target, live.entity, shipment.head.id);
  const count = await lineCount(client, shipment, live.entity);
  shipment.confirmed = Math.min(shipment.confirmed, count ?? shipment.confirmed);
  if (shipment.confirmed < shipment.fileFrom) restartFile(shipment);
  saveState(shipment);
}

/** How many lines of history the server has; undefined where it does not tell. */
async function lineCount(client: WandbClient, { head, target }: Shipment, entity: string): Promise<number | undefined> {
  const query = `query RunLines($project: String, $entity: String, $name: String!) {
    model(name: $project, entityName: $entity) { bucket(name: $name) { historyLineCount } }
  }`;
  const variables = { project: target.project, entity, name: head.id };
  const answer = (await client.post("/graphql", { query, variables })) as LineCount;
  return answer.data?.model?.bucket?.historyLineCount;
}

type LineCount = { data?: { model?: { bucket?: { historyLineCount?: number } | null } } };

async function sendChunk(shipment: Shipment, live: LiveRun): Promise<void> {
  const { confirmed: from, tail, summary } = shipment;
  const lines = tail.lines.slice(from, from + chunkLines);
  shipment.voidFrom = Number.POSITIVE_INFINITY;
  await live.send(lines, from, summary);
  confirm(shipment, from + lines.length);
}
