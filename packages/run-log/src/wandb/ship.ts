import { setTimeout } from "node:timers/promises";
import { startSender } from "./sender.ts";
import { catchUp, closeFile, openShipment, type Shipment } from "./shipment.ts";
import type { WandbTarget } from "./shipping-state.ts";

/** What a shipping process is to do. */
export type ShippingTask = {
  readonly folder: string;
  readonly target: WandbTarget;
  /** The key to send with; without it only the `.wandb` file is written. */
  readonly apiKey?: string;
  readonly requestTimeoutMs: number;
  /** How often the server hears of a run that logs nothing; default 30 s. */
  readonly heartbeatMs?: number;
};

/** How far a run got. */
export type ShippingReport = {
  /** Lines of the run, and how many of them the server has confirmed. */
  readonly lines: number;
  readonly confirmed: number;
  /** How many of the lines are figures or tables, whose files only `wandb sync` brings. */
  readonly files: number;
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

/** Brings a run's log to the `.wandb` file and, with a key, to the server, while it grows and until it is over. */
export async function ship(task: ShippingTask, finishing: Finishing): Promise<ShippingReport> {
  const shipment = await openShipment(task.folder, task.target);
  const sender = task.apiKey === undefined ? undefined : startSender(shipment, { ...task, apiKey: task.apiKey });
  const { timeoutMs } = await follow(shipment, finishing, sender === undefined);
  sender?.finish();
  const isInTime = !sender || (await Promise.race([sender.done.then(() => true), setTimeout(timeoutMs, false)]));
  closeFile(shipment);
  const { confirmed, complete, url, paths, tail } = shipment;
  const trouble = sender?.trouble() ?? (isInTime ? undefined : "there was no time for more");
  return { lines: tail.lines.length, files: tail.lines.filter(({ file }) => file).length, confirmed, complete, url, trouble, offlineFolder: paths.folder };
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
