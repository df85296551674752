import type { Media } from "./media.ts";

/** A logged value: a number (NaN and the infinities included) or a text. */
export type Value = number | string;

/** Named values, for example `{ loss: 0.42, patchSize: "12x10" }`. */
export type Row = Readonly<Record<string, Value>>;

/** How a run ended: all steps done, stopped on request, or by an error. */
export type RunStatus = "finished" | "stopped" | "failed";

/** A file that belongs to a run, for example a checkpoint with its hash. */
export type Artifact = {
  readonly kind: string;
  readonly path: string;
  readonly step?: number;
  readonly sha256?: string;
};

/**
 * What a training loop tells about itself. A loop that takes a Logger needs no `if`: `noLogger` does nothing.
 * No method keeps or changes what it is given.
 */
export interface Logger {
  /** Records named values at a step (a whole number, 0 or above; several rows may share a step). */
  log(row: Row, step: number): void;
  /** Adds to the run's final figures; a name that was there before takes the new value. */
  summary(values: Row): void;
  /** Records a file of the run. */
  artifact?(artifact: Artifact): void;
  /** Records a histogram, a table or a plot at a step. */
  media?(name: string, media: Media, step: number): void;
  /** Says that a resumed run goes on after `step`: rows of later steps, logged before the interruption, no longer count. */
  resumeFrom?(step: number): void;
  /** Ends the run; nothing may be logged afterwards. */
  finish(status: RunStatus): Promise<void>;
}

/** The Logger that does nothing. */
export const noLogger: Required<Logger> = {
  log() {},
  summary() {},
  artifact() {},
  media() {},
  resumeFrom() {},
  async finish() {},
};

/** Returns a Logger that passes everything on to each of `loggers`, in order; `finish` waits for all of them. */
export function teeLogger(...loggers: readonly Logger[]): Required<Logger> {
  return {
    log(row, step) {
      for (const logger of loggers) logger.log(row, step);
    },
    summary(values) {
      for (const logger of loggers) logger.summary(values);
    },
    artifact(artifact) {
      for (const logger of loggers) logger.artifact?.(artifact);
    },
    media(name, media, step) {
      for (const logger of loggers) logger.media?.(name, media, step);
    },
    resumeFrom(step) {
      for (const logger of loggers) logger.resumeFrom?.(step);
    },
    async finish(status) {
      const ends = await Promise.allSettled(loggers.map((logger) => logger.finish(status)));
      const failed = ends.find((end) => end.status === "rejected");
      if (failed) throw failed.reason;
    },
  };
}
