import { setTimeout } from "node:timers/promises";
import { openLiveRun, type LiveRun } from "./live-run.ts";
import { confirm, exitCodeOf, restartFile, saveState, type Shipment } from "./shipment.ts";
import { Refused, wandbClient, type WandbClient } from "./wandb-client.ts";
import { runUrl } from "./wandb-settings.ts";

/** Sends a run to the server while it grows. */
export type Sender = {
  /** Resolves when all is sent, or nothing more can be. */
  readonly done: Promise<void>;
  /** Says that nothing more will be logged: what is left is sent without pauses. */
  finish(): void;
  /** What stood in the way last. */
  trouble(): string | undefined;
};

export type SenderOptions = { readonly apiKey: string; readonly requestTimeoutMs: number; readonly heartbeatMs?: number };

const chunkLines = 5000;
const betweenPostsMs = 2000;
/** W&B takes a run that it hears nothing of for some minutes for crashed. */
const defaultHeartbeatMs = 30_000;

/** Starts to send what the server does not have of a run. */
export function startSender(shipment: Shipment, options: SenderOptions): Sender {
  const { apiKey, requestTimeoutMs } = options;
  const client = wandbClient({ baseUrl: shipment.target.baseUrl, apiKey, timeoutMs: requestTimeoutMs });
  const over = new AbortController();
  let failure: string | undefined;
  const crash = Promise.withResolvers<never>();
  // The SDK throws inside its own timers and listeners.
  process.on("uncaughtException", crash.reject).on("unhandledRejection", crash.reject);
  const done = Promise.race([sendAll(shipment, client, options, over.signal), crash.promise]).catch((error: unknown) => {
    failure = error instanceof Refused ? error.message : `sending failed: ${String(error)}`;
    console.error(error);
  });
  return {
    done,
    trouble: () => failure ?? client.trouble(),
    finish() {
      client.hurry();
      over.abort();
    },
  };
}

/** Sends lines as they come until the run is over and all are confirmed. */
async function sendAll(shipment: Shipment, client: WandbClient, options: SenderOptions, over: AbortSignal): Promise<void> {
  const { apiKey, heartbeatMs = defaultHeartbeatMs } = options;
  const live = await openLiveRun(client, shipment.head, apiKey);
  await begin(shipment, client, live);
  const linesLeft = (): number => shipment.tail.lines.length - shipment.confirmed;
  for (let idleMs = 0; linesLeft() > 0 || !over.aborted; ) {
    if (linesLeft() > 0) await sendChunk(shipment, live);
    else if (idleMs >= heartbeatMs) await live.beat();
    idleMs = linesLeft() > 0 || idleMs >= heartbeatMs ? 0 : idleMs + betweenPostsMs;
    if (linesLeft() < chunkLines) await setTimeout(betweenPostsMs, undefined, { signal: over }).catch(() => undefined);
  }
  const exitCode = exitCodeOf(shipment);
  if (exitCode !== undefined) await live.end(exitCode, shipment.summary);
  shipment.complete = exitCode !== undefined;
  live.close();
}

/** Where the server has fewer lines than it confirmed, what is missing is to be sent again. */
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
