import { contactSheet, evaluationBatches } from "@flexivit/data";
import { topClasses } from "@flexivit/classify";
import { parseScheme } from "@flexivit/patch-schemes";
import type { Cell, Section } from "@flexivit/run-log";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits } from "flexivit";
import { firstOf } from "../chosen-pictures.ts";
import type { Trial } from "../study.ts";
import type { Config } from "./config.ts";

/** How many test pictures are shown with their predictions. */
const shownPictures = 12;

/** Some test pictures, and what the flexible model takes each of them for at every patch size. */
export async function guesses({ config: { patchSizes }, data, models: [{ model }] }: Trial<Config>): Promise<Section[]> {
  const { params, info } = model;
  const source = firstOf(data.test, shownPictures);
  const [pictures] = await Array.fromAsync(evaluationBatches(source, { batchSize: shownPictures, imageSize: info.imageSizePx, framing: info.framing }));
  const truths = Array.from(pictures.labels, (label) => info.classes[label]);
  const rows: Cell[][] = truths.map((truth) => [truth]);
  for (const patchSize of patchSizes) {
    const logits = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(pictures.images, pictures.shape), { scheme: parseScheme(patchSize) }));
    for (const [row, [best]] of (await topClasses(logits, 1)).entries()) {
      const name = info.classes[best.class];
      rows[row].push(`${name === truths[row] ? "✓" : "✗"} ${name} ${Math.round(100 * best.probability)} %`);
    }
    logits.dispose();
  }
  const src = `data:image/png;base64,${Buffer.from(await contactSheet(pictures, { columns: shownPictures })).toString("base64")}`;
  return [
    { kind: "pictures", title: "Test pictures", items: [{ src, caption: truths.join(", ") }] },
    { kind: "table", title: "What the flexible model takes them for", columns: ["test picture", ...patchSizes.map((size) => `at patch size ${size}`)], rows },
  ];
}
