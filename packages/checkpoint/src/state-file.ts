import { createHash, type Hash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { ParamTree } from "@flexivit/params";
import { type ByteSource, damaged, openBytes } from "./byte-source.ts";
import { type Metadata, parseMetadata, stringifyMetadata } from "./metadata.ts";
import { entriesOf, readTree } from "./param-tree.ts";
import { replaceFile } from "./replace-file.ts";
import { chunksOf, layOut, readHeader, readSafetensors } from "./safetensors.ts";

/** All that a run needs to go on to the same bits. */
export type TrainingState = {
  step: number;
  /** Trees of tensors by name: parameters, their average, the optimiser's slots. */
  trees: Readonly<Record<string, ParamTree>>;
  /** Plain JSON: config, counters, seeds. */
  metadata: Metadata;
  /** How good the state is, higher is better; the best one is never deleted. */
  score?: number;
};

/** What the header of a state says, without its tensors. */
export type StateSummary = { step: number; score?: number; treeNames: string[]; metadata: Metadata };

const format = "flexivit-training-state";
const blankDigest = "0".repeat(64);
const digestField = /"checksum":"sha256:([0-9a-f]{64})"/;
const readChunkBytes = 2 ** 23;

/** Name of a state's file in its folder. */
export function stateFileName(step: number): string {
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

/**
 * Writes a state as one `.safetensors` file whose header holds the SHA-256 of the whole file (its own digits counted
 * as zeros). Tensors are fetched and written one at a time.
 */
export async function writeState(folder: string, state: TrainingState): Promise<string> {
  const { step, score, trees, metadata } = state;
  requireState(state);
  const summary: StateSummary = { step, score, treeNames: Object.keys(trees), metadata };
  const entries = entriesOf(trees, "saveTrainingState");
  const text = stringifyMetadata(summary, "saveTrainingState");
  const header = layOut(entries, { format, checksum: `sha256:${blankDigest}`, state: text }, "saveTrainingState");
  await makeFolder(folder);
  const path = join(folder, stateFileName(step));
  const hash = createHash("sha256");
  let digestAt = -1;
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(header, entries, "saveTrainingState")) {
      if (digestAt < 0) digestAt = Buffer.from(chunk.buffer).indexOf(blankDigest);
      hash.update(chunk);
      yield chunk;
    }
  }
  await replaceFile(path, hashed(), "saveTrainingState", async (file: FileHandle) => {
    await file.write(hash.digest("hex"), digestAt, "latin1");
  });
  return path;
}

/** Reads a state; checks no checksum. */
export async function readState(path: string, reader: string): Promise<TrainingState> {
  const summary = await readSummary(path, reader);
  const { entries } = await readSafetensors(path);
  const read = (await readTree(entries, reader)) as Record<string, ParamTree>;
  // A tree without leaves leaves no trace among the entries.
  const trees = Object.fromEntries(summary.treeNames.map((name) => [name, read[name] ?? {}]));
  const { step, score, metadata } = summary;
  return { step, trees, metadata, ...(score === undefined ? {} : { score }) };
}

/** The header's account of a state; reads nothing else and checks no checksum. */
export async function readSummary(path: string, reader: string): Promise<StateSummary> {
  const source = await openBytes(path, reader);
  const { header } = await readHeader(source, reader);
  if (header.metadata["format"] !== format) {
    throw damaged(reader, path, `a training state`, `format ${JSON.stringify(header.metadata["format"])}`);
  }
  return parseMetadata(header.metadata["state"] ?? "", reader) as StateSummary;
}

/** Throws where a byte of the file differs from what was written. */
export async function verifyState(path: string, reader: string): Promise<void> {
  const source = await openBytes(path, reader);
  const { payloadStart } = await readHeader(source, reader);
  const text = Buffer.from(await source.read(0, payloadStart)).toString("latin1");
  const stored = digestField.exec(text)?.[1];
  if (stored === undefined) throw damaged(reader, path, "a training state with a checksum", "none");
  const hash = createHash("sha256");
  hash.update(text.replace(digestField, `"checksum":"sha256:${blankDigest}"`), "latin1");
  await hashRange(hash, source, payloadStart);
  const found = hash.digest("hex");
  if (found !== stored) throw damaged(reader, path, `checksum ${stored.slice(0, 12)}…`, `${found.slice(0, 12)}…`);
}

async function hashRange(hash: Hash, source: ByteSource, start: number): Promise<void> {
  for (let at = start; at < source.size; at += readChunkBytes) {
    hash.update(await source.read(at, Math.min(readChunkBytes, source.size - at)));
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(
      `saveTrainingState(folder): expected a folder to write in, got ${code} for ${folder}. ` +
        "Choose another folder or change its rights.",
      { cause: error },
    );
  }
}

function requireState({ step, trees, score }: TrainingState): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new Error(`saveTrainingState(step): expected a whole number from 0, got ${step}. Count finished steps.`);
  }
  const slashed = Object.keys(trees).find((name) => name.includes("/") || name === "");
  if (slashed !== undefined) {
    throw new Error(`saveTrainingState(trees): expected names without "/", got "${slashed}". Rename the tree.`);
  }
  if (score !== undefined && !Number.isFinite(score)) {
    throw new Error(`saveTrainingState(score): expected a finite number, got ${score}. Leave it out.`);
  }
}
