import { checkDistribution, unknownKind } from "./check-distribution.ts";
import type { TransformerSize } from "./cost.ts";
import type { SchemeDistribution, SchemeStage } from "./distribution.ts";
import { placeIn, within, type Place } from "./place.ts";
import { schemeList, type SchemeLike } from "./scheme-list.ts";
import type { PatchScheme } from "./scheme.ts";

/** The fields of an object, `kind` aside. */
type Fields<T> = Record<Exclude<keyof T, "kind">, "needed" | "optional">;

const distributionFields: { [K in SchemeDistribution["kind"]]: Fields<Extract<SchemeDistribution, { kind: K }>> } = {
  categorical: { schemes: "needed", weights: "optional" },
  gaussian: { schemes: "needed", centrePx: "needed", stdPx: "needed" },
  linear: { schemes: "needed", weightAtSmallest: "needed", weightAtLargest: "needed" },
  "cost-equalised": { schemes: "needed", imageSize: "needed", model: "needed", remainder: "optional" },
  mixture: { distributions: "needed", weights: "optional" },
  sequence: { stages: "needed" },
};
const stageFields: Fields<SchemeStage> = { fromStep: "needed", untilStep: "optional", distribution: "needed" };
const schemeFields: Fields<PatchScheme> = { patchSize: "needed", stride: "optional" };
const modelFields: Fields<TransformerSize> = {
  dim: "needed",
  depth: "needed",
  hiddenDim: "needed",
  channels: "optional",
  prefixTokens: "optional",
  classes: "optional",
};

/** How the fields that hold more than a number or a word are read. */
const readers: Record<string, (value: unknown, place: Place) => unknown> = {
  schemes: (value, place) => schemeList(parts(value, "schemes", place, readScheme), place),
  weights: (value, place) => parts(value, "weights", place, (weight) => weight),
  distributions: (value, place) => parts(value, "distributions", place, readDistribution),
  stages: (value, place) => parts(value, "stages", place, readStage),
  model: (value, place) => fieldsAt(value, modelFields, "A model", place("model"), within(place, "model")),
};

/**
 * The distribution that a JSON text holds, checked whole: for configs and command lines written by hand.
 *
 * Schemes may be written as `16`, `[12, 10]`, `"12x10/6x5"` or in full: `{"kind": "gaussian", "schemes": [48, 24, "12x10"], "centrePx": 24, "stdPx": 8}`.
 * What `JSON.stringify` writes of a distribution is read back as the same distribution.
 *
 * @throws where the text is no JSON, a field is missing, unknown or of the wrong form, or the distribution is impossible.
 */
export function parseDistribution(text: string): SchemeDistribution {
  const place = placeIn("parseDistribution");
  const distribution = readDistribution(parseJson(text, place), place("text"), place);
  checkDistribution(distribution, Infinity, place);
  return distribution;
}

function parseJson(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${place("text")}: expected JSON such as {"kind": "categorical", "schemes": [48, 24, 16]}, got a fault: ${(error as Error).message}. Quote names and words.`,
      { cause: error },
    );
  }
}

function readDistribution(value: unknown, name: string, place: Place): SchemeDistribution {
  const { kind } = objectAt(value, name);
  if (typeof kind !== "string" || !Object.hasOwn(distributionFields, kind)) throw unknownKind(kind, place);
  const given = fieldsAt(value, distributionFields[kind as SchemeDistribution["kind"]], `The kind ${kind}`, name, place);
  const read = Object.entries(given).map(([field, part]) => [field, readers[field]?.(part, place) ?? part]);
  return Object.fromEntries(read) as SchemeDistribution;
}

function readStage(value: unknown, name: string, place: Place): SchemeStage {
  const stage = fieldsAt(value, stageFields, "A stage", name, place) as SchemeStage;
  return { ...stage, distribution: readDistribution(stage.distribution, place("distribution"), within(place, "distribution")) };
}

function readScheme(value: unknown, name: string, place: Place): SchemeLike {
  if (typeof value !== "object" || Array.isArray(value)) return value as SchemeLike; // sizes and texts are checked on their own
  return fieldsAt(value, schemeFields, "A scheme", name, place) as PatchScheme;
}

/** The parts of a list, each read with its name, such as `stages[1]`. */
function parts<T>(value: unknown, field: string, place: Place, read: (part: unknown, name: string, place: Place) => T): T[] {
  if (!Array.isArray(value)) throw new Error(`${place(field)}: expected a list, got ${JSON.stringify(value)}. Put it in [ ].`);
  return value.map((part, index) => read(part, place(`${field}[${index}]`), within(place, `${field}[${index}]`)));
}

/** The object, after a look at which fields it has. */
function fieldsAt(value: unknown, fields: Record<string, "needed" | "optional">, what: string, name: string, place: Place): Record<string, unknown> {
  const given = objectAt(value, name);
  const takes = `${what} takes ${Object.keys(fields).join(", ")}`;
  for (const field of Object.keys(given)) {
    if (field !== "kind" && !Object.hasOwn(fields, field)) throw new Error(`${place(field)}: expected no such field, got one. ${takes}.`);
  }
  for (const [field, presence] of Object.entries(fields)) {
    if (presence === "needed" && !(field in given)) throw new Error(`${place(field)}: expected a value, got none. ${takes}.`);
  }
  return given;
}

function objectAt(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${name}: expected an object, got ${JSON.stringify(value)}. Write its fields in { }.`);
}
