import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { type NpyArray, parseNpz } from "./npz.ts";
import { parseSafetensors } from "./safetensors.ts";

const folder = new URL("../fixtures/", import.meta.url);

/** The path of a fixture, for readers of our own that are under test. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

/** The arrays of a fixture `.npz` or `.safetensors` by their names, or the value of a fixture `.json`. */
export function readFixture(name: `${string}.npz` | `${string}.safetensors`): Promise<Record<string, NpyArray>>;
export function readFixture<Value>(name: `${string}.json`): Promise<Value>;
export async function readFixture(name: string): Promise<unknown> {
  const bytes = await readFile(fixturePath(name));
  if (name.endsWith(".safetensors")) return parseSafetensors(bytes);
  return name.endsWith(".npz") ? parseNpz(bytes) : JSON.parse(bytes.toString("utf8"));
}

/** A fixture array as a tensor of the same shape; float32 or int32. The caller disposes it. */
export function fixtureTensor<T extends tf.Tensor = tf.Tensor>(array: NpyArray): T {
  return tf.tensor(array.data, [...array.shape], array.dtype === "float32" ? "float32" : "int32") as T;
}
