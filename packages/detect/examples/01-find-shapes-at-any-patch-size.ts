/** One flexible model finds rectangles and ellipses, with boxes and masks, at patch sizes from 8 to 3; 6 and 3 never occur in training. */
import { convertBox, encodeMask, maskArea, maskBox, type CocoDataset, type Mask } from "@flexivit/annotations";
import { cocoMetrics, cocoResults, decodeDetections, detect, detectionLoss, detectionTargets, initDetector, type DetectorConfig, type DetectorParams } from "@flexivit/detect";
import { useEngine } from "@flexivit/engine";
import { adamw, applyUpdates, clipByGlobalNorm, scheduleAt, type Trained } from "@flexivit/optim";
import { valueAndGradients } from "@flexivit/params";
import { drawScheme, patchScheme, uniform, type PatchScheme } from "@flexivit/patch-schemes";
import { random } from "@flexivit/random";
import { initVit, vit, vitConfig, type VitParams } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

type Params = { backbone: VitParams; head: DetectorParams };
type Scene = { pixels: Float32Array; objects: { class: number; mask: Mask }[] };

await useEngine();
const [side, batch, steps] = [24, 16, 400];
const backbone = vitConfig({ dim: 48, depth: 2, hiddenDim: 96, heads: 4 }, { patchSize: [8, 8], positionGrid: [6, 6] });
const config: DetectorConfig = { dim: 48, classes: 2, predictors: { kind: "queries", queries: 8, blocks: 2, heads: 4, hiddenDim: 96 }, objective: "softmax", masks: { dim: 8 } };
const predict = (params: Params, images: tf.Tensor4D, scheme: PatchScheme) => detect(params.head, config, vit(params.backbone, backbone, images, { scheme }));

/** A rectangle (class 0) and an ellipse (class 1), each of one colour, the ellipse in front; on a grey of its own. */
function scene(index: number): Scene {
  const draw = random(1, "scene", index);
  const pixels = new Float32Array(side * side * 3).fill(draw.uniform() - 0.5);
  const shapes = [0, 1].map((kind) => {
    const [halfHeight, halfWidth] = [3 + 4 * draw.uniform(), 3 + 4 * draw.uniform()];
    const [y, x] = [halfHeight + draw.uniform() * (side - 2 * halfHeight), halfWidth + draw.uniform() * (side - 2 * halfWidth)];
    const colour = [0, 1, 2].map((channel) => (channel === kind ? 1 : -0.5) - 0.5 * draw.uniform());
    return { kind, colour, covers: (row: number, column: number) => norm(kind, (row + 0.5 - y) / halfHeight, (column + 0.5 - x) / halfWidth) <= 1 };
  });
  const masks = shapes.map(() => new Uint8Array(side * side));
  for (let place = 0; place < side * side; place++) {
    const front = shapes.findLastIndex(({ covers }) => covers(Math.floor(place / side), place % side));
    if (front < 0) continue;
    masks[front][place] = 1;
    pixels.set(shapes[front].colour, 3 * place);
  }
  const objects = masks.map((mask, kind) => ({ class: kind, mask: encodeMask(mask, [side, side]) }));
  return { pixels, objects: objects.filter(({ mask }) => maskArea(mask) > 0) };
}
function norm(kind: number, y: number, x: number): number {
  return kind === 0 ? Math.max(Math.abs(y), Math.abs(x)) : y * y + x * x;
}

const imagesOf = (scenes: Scene[]) => tf.tidy(() => tf.stack(scenes.map(({ pixels }) => tf.tensor3d(pixels, [side, side, 3]))) as tf.Tensor4D);
const objectsOf = ({ objects }: Scene) => objects.map((object) => ({ ...object, box: convertBox(maskBox(object.mask), "xywh", "xyxy") }));

const optimizer = adamw({ learningRate: 2e-3 });
let state: Trained<Params> = { params: { backbone: initVit(backbone, 1), head: initDetector(config, 1) }, slots: {} };
for (let step = 0; step < steps; step++) {
  const scenes = Array.from({ length: batch }, (_, i) => scene(step * batch + i));
  const images = imagesOf(scenes);
  const targets = detectionTargets(scenes.map(objectsOf), { sizePx: [side, side], maskSize: [side, side] });
  const scheme = drawScheme(uniform([8, 4]), 0, step);
  const { value, gradients } = valueAndGradients((params: Params) => detectionLoss(predict(params, images, scheme), targets, config), state.params);
  const { norm, scale } = clipByGlobalNorm(gradients, 1);
  const schedule = scheduleAt({ kind: "cosine", totalSteps: steps, warmupSteps: 20 }, step);
  if (step % 100 === 0 || step === steps - 1) console.log(`step ${step}: ${Object.entries(value).map(([name, term]) => `${name} ${term.dataSync()[0].toFixed(2)}`).join(", ")}`);
  state = applyUpdates(optimizer, state, gradients, { count: step, schedule, gradientScale: scale });
  tf.dispose([value, images, targets, norm, scale]);
}

const unseen = Array.from({ length: 64 }, (_, i) => scene(1e6 + i));
const images = imagesOf(unseen);
const truth: CocoDataset = {
  images: unseen.map((_, id) => ({ id, height: side, width: side })),
  categories: [{ id: 0, name: "rectangle" }, { id: 1, name: "ellipse" }],
  annotations: unseen.flatMap(({ objects }, id) => objects.map(({ class: category_id, mask }) => ({
    image_id: id,
    category_id,
    iscrowd: 0 as const,
    area: maskArea(mask),
    bbox: maskBox(mask),
    segmentation: { size: [side, side] as const, counts: mask.counts },
  }))),
};
const ids = truth.images.map(({ id }) => id);
for (const size of [8, 6, 4, 3]) {
  const predictions = predict(state.params, images, patchScheme(size));
  const results = cocoResults(await decodeDetections(predictions, { ...config, sizesPx: ids.map(() => [side, side]) }), ids, [0, 1]);
  tf.dispose(predictions);
  const [boxes, masks] = (["bbox", "segm"] as const).map((iou) => cocoMetrics(truth, results, { iou }));
  console.log(`patch size ${size}: boxes AP ${boxes.AP.toFixed(2)} AP50 ${boxes.AP50.toFixed(2)}, masks AP ${masks.AP.toFixed(2)} AP50 ${masks.AP50.toFixed(2)}`);
}
