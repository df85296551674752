import { mapPlain } from "../row-format.ts";
import type { JsonTexts } from "./wandb-records.ts";

/** Returns the JSON text of plain data; NaN and the infinities are bare words in it, as W&B's own client writes them. */
export function jsonText(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (value === null || value === undefined || typeof value !== "object") return JSON.stringify(value ?? null);
  return jsonObject(jsonTexts(value));
}

/** Returns the JSON text of each entry of an object. */
export function jsonTexts(values: object): JsonTexts {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, jsonText(value)]));
}

/** Joins entries to the JSON text of an object. */
export function jsonObject(texts: JsonTexts): string {
  return `{${Object.entries(texts).map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** Returns a config as W&B takes it: named entries in which no number is NaN or infinite; those become texts. */
export function configTexts(config: unknown): JsonTexts {
  const isNamed = config !== null && typeof config === "object" && !Array.isArray(config);
  const finite = (value: unknown): unknown => (typeof value === "number" ? (Number.isFinite(value) ? value : String(value)) : mapPlain(value, finite));
  return jsonTexts(finite(isNamed ? config : { config }) as object);
}
