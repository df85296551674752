import { durationText } from "./duration.ts";

/** Where the work stands: the step, and any further values; `loss`, `imagesPerSecond` and `patchSize` are known by name. */
export type Progress = { readonly step: number; readonly [name: string]: number | string | undefined };

/** A stream such as `process.stderr`. */
export type ProgressStream = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: "error", listener: () => void): unknown;
};

/** What `progressLine` takes. */
export type ProgressOptions = {
  /** The last step. */
  readonly total: number;
  readonly label?: string;
  /** Default: standard error, so that results on standard output stay clean. */
  readonly stream?: ProgressStream;
  /** The clock in milliseconds, for tests. */
  readonly now?: () => number;
};

export type ProgressLine = {
  update(progress: Progress): void;
  /** Prints a line of text above the progress line. */
  print(text: string): void;
  /** Leaves the last state standing and moves to the next line. */
  finish(): void;
};

const redrawMs = 100;
const plainMs = 10_000;

/**
 * Returns a progress line for long work.
 *
 * On a terminal it is one line, redrawn in place at most ten times a second and cut to the width; elsewhere plain
 * lines, one every ten seconds or ten percent. It never throws, also where nobody reads the stream any more.
 */
export function progressLine({ total, label, stream = process.stderr, now = () => performance.now() }: ProgressOptions): ProgressLine {
  const write = quietWriter(stream);
  const isLive = stream.isTTY === true && process.env.TERM !== "dumb";
  const timeText = timeTeller(total, now);
  let latest: Progress | undefined;
  let drawn = { atMs: Number.NEGATIVE_INFINITY, step: -1 };

  function draw(progress: Progress): void {
    const parts = { label, total, progress, time: timeText(progress.step) };
    write(isLive ? `\r${fittingLine(parts, (stream.columns || 80) - 1)}\u001B[K` : `${plainLine(parts)}\n`);
    drawn = { atMs: now(), step: progress.step };
  }
  function isDue(step: number): boolean {
    const sinceMs = now() - drawn.atMs;
    if (step >= total || sinceMs >= (isLive ? redrawMs : plainMs)) return true;
    return !isLive && sinceMs >= 1000 && tenth(step) > tenth(drawn.step);
  }
  const tenth = (step: number) => Math.floor((10 * step) / total);

  return {
    update(progress) {
      latest = { ...progress };
      timeText(progress.step);
      if (isDue(progress.step)) draw(latest);
    },
    print(text) {
      write(isLive ? `\r\u001B[K${text}\n` : `${text}\n`);
      if (isLive && latest) draw(latest);
    },
    finish() {
      if (latest && drawn.step !== latest.step) draw(latest);
      if (latest && isLive) write("\n");
      latest = undefined;
    },
  };
}

type LineParts = { label?: string; total: number; progress: Progress; time: string };

/** The line with as much of it as fits: first the bar gets shorter, then the last values go. */
function fittingLine(parts: LineParts, width: number): string {
  const { step } = parts.progress;
  const values = valueTexts(parts.progress);
  for (const barWidth of [24, 12]) {
    const full = Math.round(barWidth * Math.min(1, step / parts.total));
    const line = join([parts.label, "█".repeat(full) + "░".repeat(barWidth - full), ...position(parts), ...values, parts.time]);
    if ([...line].length <= width) return line;
  }
  for (let count = values.length; count >= 0; count--) {
    const line = join([parts.label, ...position(parts), ...values.slice(0, count), parts.time]);
    if ([...line].length <= width) return line;
  }
  return [...join([parts.label, ...position(parts)])].slice(0, width).join("");
}

function plainLine(parts: LineParts): string {
  return join([parts.label, ...position(parts), ...valueTexts(parts.progress), parts.time]);
}

function position({ progress, total }: LineParts): string[] {
  return [`${Math.floor((100 * progress.step) / total)} %`, `${progress.step}/${total}`];
}

function valueTexts(progress: Progress): string[] {
  const values = Object.entries(progress).filter(([name, value]) => name !== "step" && value !== undefined);
  return values.map(([name, value]) => {
    const text = typeof value === "number" ? shortNumber(value) : value!;
    if (name === "imagesPerSecond") return `${text} images/s`;
    return `${name === "patchSize" ? "patch" : name} ${text}`;
  });
}

function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function join(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join("  ");
}

/**
 * Tells the time left from the pace since the first step that was shown, pauses for evaluation included, since these
 * come again; at the end, the time taken.
 */
function timeTeller(total: number, now: () => number): (step: number) => string {
  const startMs = now();
  let first: { step: number; ms: number } | undefined;
  return (step) => {
    const ms = now();
    first ??= { step, ms };
    if (step >= total) return `in ${durationText((ms - startMs) / 1000)}`;
    const steps = step - first.step;
    return steps > 0 ? `${durationText(((total - step) * (ms - first.ms)) / steps / 1000)} left` : "";
  };
}

const guarded = new WeakSet<ProgressStream>();

/** A write that fails, or a reader that went away (EPIPE), must not end the work. */
function quietWriter(stream: ProgressStream): (text: string) => void {
  if (!guarded.has(stream)) stream.on?.("error", () => {});
  guarded.add(stream);
  return (text) => {
    try {
      stream.write(text);
    } catch {
      // Nobody is reading any more.
    }
  };
}
