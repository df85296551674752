/** One short training on pictures drawn here; the model file is then used at sizes that it never saw. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pixelSource, type ImageSource } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import { random } from "@flexivit/random";
import { openRun, textTable } from "@flexivit/run-log";
import { vitConfig } from "@flexivit/vit";
import { evaluateAt, loadModel, recipeDefaults, trainClassifier, type ClassifierRecipe } from "flexivit";

/** Grey pictures of 24x24 with a bright bar, which lies or stands: class 0 or 1. */
function bars(size: number, seed: number): ImageSource {
  const side = 24;
  const draws = random(seed, "bars");
  const pixels = new Uint8Array(size * side * side);
  const labels = Array.from({ length: size }, () => draws.integer(2));
  for (const [index, label] of labels.entries()) {
    const start = draws.integer(side - 6);
    for (let i = 0; i < side * side; i++) {
      const across = label === 0 ? Math.floor(i / side) : i % side;
      const isBar = across >= start && across < start + 6;
      pixels[index * side * side + i] = 60 * draws.uniform() + (isBar ? 150 : 0);
    }
  }
  return pixelSource({ name: "bars", pixels, height: side, width: side, channels: 1, labels, classes: ["lying", "standing"] });
}

const patchSizes = ["12", "8", "6", "4"];
const recipe: ClassifierRecipe = {
  ...recipeDefaults,
  vit: vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { channels: 1, patchSize: [12, 12], positionGrid: [4, 4] }),
  imageSizePx: 24,
  patchSizes,
  evaluatePatchSizes: patchSizes,
  trainFraming: { kind: "pad-crop", flip: false },
  testFraming: { kind: "centre-crop" },
  batchSize: 32,
  steps: 200,
  schedule: { kind: "cosine", warmupSteps: 10 },
  optimizer: { kind: "adamw", learningRate: 3e-3 },
  evaluateEvery: 200,
  checkpointEvery: 200,
};

await useEngine();
const [training, test] = [bars(500, 1), bars(200, 2)];
const out = await mkdtemp(join(tmpdir(), "flexivit-example-"));
const run = await openRun({ folder: join(out, "bars"), name: "bars", config: recipe, report: false });
const { file, status } = await trainClassifier(recipe, { training, test, run });
await run.finish(status);

const model = await loadModel(file);
const rows = [];
for (const size of ["12", "8", "6", "4", "12x8", "8x6", "3"]) {
  const { tokens, figures } = await evaluateAt(model, test, parseScheme(size));
  rows.push([size, patchSizes.includes(size) ? "yes" : "no", tokens, `${(100 * figures.accuracy).toFixed(1)} %`]);
}
console.log(textTable(["patch size", "trained at", "tokens", "accuracy"], rows));
await rm(out, { recursive: true });
