/**
 * Time of COCO's numbers for boxes and for masks at the size of COCO's validation set: 5,000 pictures with 7 objects and
 * 100 detections each, 80 categories.
 *
 *     node --conditions=@flexivit/source packages/detect/bench/coco-metrics.ts [pictures]
 */
import { maskArea, maskBox, maskFromPolygons, maskToCoco, type CocoAnnotation, type CocoResult } from "@flexivit/annotations";
import { random } from "@flexivit/random";
import { cocoMetrics } from "../src/index.ts";

const [height, width, objects, detections, categories] = [480, 640, 7, 100, 80];
const count = Number(process.argv[2] ?? 5000);

const annotations: CocoAnnotation[] = [];
const results: CocoResult[] = [];
for (let image_id = 0; image_id < count; image_id++) {
  const draw = random(1, image_id);
  const shapes = Array.from({ length: objects }, () => ({ category_id: draw.integer(categories), x: draw.uniform() * 540, y: draw.uniform() * 380, side: 20 + draw.uniform() * 80 }));
  const maskOf = ({ x, y, side }: { x: number; y: number; side: number }) => maskFromPolygons([[x, y, x + side, y + side / 3, x + side, y + side, x + side / 4, y + side]], [height, width]);
  for (const shape of shapes) {
    const mask = maskOf(shape);
    annotations.push({ image_id, category_id: shape.category_id, bbox: maskBox(mask), area: maskArea(mask), iscrowd: 0, segmentation: maskToCoco(mask) });
  }
  for (let i = 0; i < detections; i++) {
    const shape = shapes[i % objects];
    const mask = maskOf({ ...shape, x: shape.x + draw.normal() * 5, y: shape.y + draw.normal() * 5 });
    results.push({ image_id, category_id: shape.category_id, score: draw.uniform(), bbox: maskBox(mask), segmentation: maskToCoco(mask) });
  }
}
const truth = {
  images: Array.from({ length: count }, (_, id) => ({ id, height, width })),
  annotations,
  categories: Array.from({ length: categories }, (_, id) => ({ id, name: `${id}` })),
};
for (const iou of ["bbox", "segm"] as const) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const { AP } = cocoMetrics(truth, results, { iou });
  const { user, system } = process.cpuUsage(used);
  const seconds = [(performance.now() - start) / 1e3, (user + system) / 1e6].map((time) => time.toFixed(1));
  console.log(`${iou}: ${count} pictures, ${results.length} detections, AP ${AP.toFixed(3)}, ${seconds[0]} s, ${seconds[1]} s of CPU time`);
}
