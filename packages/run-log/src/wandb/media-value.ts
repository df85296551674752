import { createHash } from "node:crypto";
import type { LoggedMedia } from "../media.ts";
import { renderSvg } from "../render-svg.ts";
import { jsonText } from "./json-texts.ts";

/** A file of W&B's `files` folder. */
export type MediaFile = { readonly path: string; readonly text: string };

/**
 * Returns what W&B's history holds for a medium, and the file that belongs to it.
 *
 * A histogram is a value in itself; a table is a `table-file`, a plot an `html-file` with its SVG inside.
 * Source: what Python `wandb` 0.31.0 logs for Histogram, Table and Html.
 */
export async function mediaValue({ name, step, media }: LoggedMedia): Promise<{ value: object; file?: MediaFile }> {
  if (media.kind === "histogram") return { value: { _type: "histogram", values: media.counts, bins: media.edges } };
  if (media.kind === "plot") {
    const text = `<!doctype html><meta charset="utf-8">${await renderSvg(media.spec)}`;
    return withFile("html-file", text, (hash) => `media/html/${fileName(name)}_${step}_${hash}.html`);
  }
  const { columns, rows } = media;
  const text = jsonText({ columns, data: rows });
  const { value, file } = withFile("table-file", text, (hash) => `media/table/${fileName(name)}_${step}_${hash}.table.json`);
  return { value: { ...value, ncols: columns.length, nrows: rows.length }, file };
}

function withFile(type: string, text: string, pathOf: (hash: string) => string): { value: object; file: MediaFile } {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const path = pathOf(sha256.slice(0, 20));
  return { value: { _type: type, path, sha256, size: Buffer.byteLength(text) }, file: { path, text } };
}

function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "_");
}
