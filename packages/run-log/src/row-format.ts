import type { Row, Value } from "./logger.ts";

/** A row as it is on disk: its step, the seconds since the run began, and the named values. */
export type LoggedRow = Readonly<Record<string, Value>> & { readonly step: number; readonly time: number };

/** A line of the log that is not a row: the run was opened, resumed or finished, or got a file. */
export type LogEvent = { readonly event: string; readonly time: number } & Readonly<Record<string, unknown>>;

const reservedNames = ["step", "time", "event"];

// JSON has neither NaN nor infinities: they are written as these texts, as W&B's own client does.
// A text that could be taken for one of them gets the prefix `text:`, and so does a text with that prefix.
const textPrefix = "text:";
const numberTexts = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** Returns the JSON line of a row, without the line end. */
export function encodeRow(row: Row, step: number, time: number): string {
  let line = `{"step":${step},"time":${time}`;
  for (const name of Object.keys(row)) {
    if (reservedNames.includes(name)) {
      throw new Error(`log(row): expected names other than ${reservedNames.join(", ")}, got "${name}". Rename the value.`);
    }
    line += `,${JSON.stringify(name)}:${encodeNumberOrText(row[name], name)}`;
  }
  return `${line}}`;
}

function encodeNumberOrText(value: unknown, name: string): string {
  if (typeof value === "number" && Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "number" || typeof value === "string") return JSON.stringify(encodeValue(value));
  const got = value === null ? "null" : typeof value;
  throw new Error(`log(row): expected a number or a text for "${name}", got ${got}. Convert it first, or leave it out.`);
}

/** Returns plain data with every NaN and infinity as a text, at any depth; `decodeValue` is its inverse. */
export function encodeValue(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string") {
    return numberTexts.has(value) || value.startsWith(textPrefix) ? textPrefix + value : value;
  }
  return mapPlain(value, encodeValue);
}

/** Returns the data that `encodeValue` was given. */
export function decodeValue(value: unknown): unknown {
  if (typeof value === "string") {
    return numberTexts.get(value) ?? (value.startsWith(textPrefix) ? value.slice(textPrefix.length) : value);
  }
  return mapPlain(value, decodeValue);
}

/** Returns plain data with `change` applied to each entry of a list or an object; other values as they are. */
export function mapPlain(value: unknown, change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) return Array.from(value as Iterable<unknown>, change);
  if (value === null || typeof value !== "object") return value;
  if ("toJSON" in value) return JSON.parse(JSON.stringify(value));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]));
}

/** Returns the row or event of a line, or undefined where the line is damaged. */
export function decodeLine(line: string): LoggedRow | LogEvent | undefined {
  try {
    const data = decodeValue(JSON.parse(line)) as LoggedRow | LogEvent | null;
    return typeof data?.time === "number" && (isEvent(data) || typeof data.step === "number") ? data : undefined;
  } catch {
    return undefined;
  }
}

export function isEvent(line: LoggedRow | LogEvent): line is LogEvent {
  return typeof line.event === "string";
}
