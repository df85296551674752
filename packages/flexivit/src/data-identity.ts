import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { ObjectSource, PictureSource } from "@flexivit/data";
import type { DataSets } from "./open-data.ts";

/** What makes a classifier's pictures the same on resume, wherever they lie: how many, their classes, the order of their targets. */
export function identityOf({ training, test }: Pick<DataSets, "training" | "test">): Record<string, number | string> {
  const hash = createHash("sha256").update(training.classes.join("\n"));
  const add = (values: Int32Array | Float32Array) => hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  for (const { labels, targets } of [training, test]) {
    add(labels);
    if (targets) for (const index of labels.keys()) add(targets(index));
  }
  return { trainingPictures: training.size, testPictures: test.size, classes: training.classes.length, fingerprint: hash.digest("hex").slice(0, 16) };
}

type Named = PictureSource & Pick<ObjectSource, "classes" | "fingerprint">;

/** The same of pictures with boxes or maps: how many, their classes, the order of their names, and all objects; not what is in the files of maps. */
export function taskIdentityOf({ training, test }: { training: Named; test: Named }): Record<string, number | string> {
  const hash = createHash("sha256").update(training.classes.join("\n"));
  for (const source of [training, test]) {
    for (let index = 0; index < source.size; index++) hash.update(`\n${basename(source.name(index))}`);
    hash.update(source.fingerprint?.() ?? "");
  }
  return { trainingPictures: training.size, testPictures: test.size, classes: training.classes.length, fingerprint: hash.digest("hex").slice(0, 16) };
}
