import { leaves } from "@flexivit/params";
import type { VitConfig } from "./config.ts";
import type { VitParams } from "./params.ts";
import { vitSpec } from "./spec.ts";

/** Throws where weights and configuration are not of one model, which might otherwise run and be wrong. */
export function checkVitParams(params: VitParams, config: VitConfig, where: string): void {
  const expected = shapesOf(vitSpec(config));
  for (const { path, tensor } of leaves(params)) {
    const shape = expected.get(path);
    if (shape === undefined) throw mismatch(where, `no "${path}"`, `one of shape [${tensor.shape.join(", ")}]`);
    if (String(shape) !== String(tensor.shape)) {
      throw mismatch(where, `"${path}" of shape [${shape.join(", ")}]`, `[${tensor.shape.join(", ")}]`);
    }
    expected.delete(path);
  }
  for (const [path, shape] of expected) throw mismatch(where, `"${path}" of shape [${shape.join(", ")}]`, "none");
}

function mismatch(where: string, expected: string, got: string): Error {
  return new Error(`${where}(params): expected ${expected} under this config, got ${got}. Use the config that the weights were made with.`);
}

/** The shape of every leaf of a plan by its path. */
export function shapesOf(spec: object, prefix = ""): Map<string, readonly number[]> {
  if ("shape" in spec) return new Map([[prefix, spec.shape as readonly number[]]]);
  const below = Object.entries(spec).flatMap(([name, part]) => [...shapesOf(part as object, prefix === "" ? name : `${prefix}/${name}`)]);
  return new Map(below);
}
