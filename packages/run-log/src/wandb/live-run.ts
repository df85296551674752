import { jsonObject } from "./json-texts.ts";
import type { HistoryLine } from "./log-tail.ts";
import { startSdkRelay } from "./sdk-relay.ts";
import type { WandbClient } from "./wandb-client.ts";
import type { JsonTexts, RunHead } from "./wandb-records.ts";

/** A run that `@wandb/sdk` sends. */
export type LiveRun = {
  /** The run's owner on the server. */
  readonly entity: string;
  /** Sends lines, of which the first one has the index `from`; resolves when the server has confirmed them all. */
  send(lines: readonly HistoryLine[], from: number, summary: JsonTexts): Promise<void>;
  /** Tells the server that the run goes on. */
  beat(): Promise<void>;
  /** Tells the server that the run has ended; resolves when it has confirmed that. */
  end(exitCode: number, summary: JsonTexts): Promise<void>;
  close(): void;
};

const pokeMs = 50;

/**
 * Opens a run through the SDK; waits as long as the server is away.
 *
 * Throws `Refused` where the server does not take the key or the run.
 */
export async function openLiveRun(client: WandbClient, head: RunHead, apiKey: string): Promise<LiveRun> {
  const { id, name, project, entity, config, group, jobType, notes, tags, host } = head;
  const relay = await startSdkRelay(client, { groupName: group, jobType, notes, tags, host });
  const { default: wandb } = await import("@wandb/sdk");
  const wrapped = Object.fromEntries(Object.entries(config).map(([key, text]) => [key, { value: JSON.parse(text) as unknown }]));
  const settings = { apiKey, baseUrl: relay.url, silent: true, offline: false };
  const run = await Promise.race([wandb.init({ id, name, project, entity, config: wrapped, settings }), relay.refused]);
  let logged = 0;

  /** The SDK looks at what it was given once a second and sends it every 2 to 30 s; this wakes it. */
  function poke(): void {
    const { sender } = (run as unknown as SdkInside)["_messenger"];
    sender?.delay?.cancel();
    sender?.filestream?.delay?.cancel();
  }
  async function untilDone(work: Promise<void>): Promise<void> {
    const timer = setInterval(poke, pokeMs);
    await Promise.race([work, relay.refused]).finally(() => clearInterval(timer));
  }
  return {
    entity: relay.entity() ?? run.entity,
    close: relay.close,
    async send(lines, from, summary) {
      const confirmed = relay.expect(lines.length, { from, summary: jsonObject(summary) });
      for (const { values } of lines) run.log({ line: jsonObject(values) }, logged++);
      await untilDone(confirmed);
    },
    async beat() {
      await client.post(`/files/${run.entity}/${project}/${id}/file_stream`, {});
    },
    async end(exitCode, summary) {
      void relay.expect(0, { from: 0, summary: jsonObject(summary) });
      void run.finish(exitCode);
      await untilDone(relay.ended);
    },
  };
}

/** The timers inside `@wandb/sdk` 0.5.1; without them it only sends later. */
type SdkInside = { "_messenger": { sender?: { delay?: Delay; filestream?: { delay?: Delay } } } };
type Delay = { cancel(): void };
