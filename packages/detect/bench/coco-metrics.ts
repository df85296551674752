/**
 * Time of COCO's numbers for any detector, from the text of an annotation file and of a result file, at the size of COCO's
 * validation set: 5,000 pictures with 7 objects and 100 detections each, 80 categories.
 *
 * Each object has 14 or 15 detections: its quadrilateral moved by some pixels. Masks are packed run lengths. Making the
 * two files is not measured; reading them from disk is not part of it. Run it on a quiet machine:
 *
 *     node --conditions=@flexivit/source packages/detect/bench/coco-metrics.ts [pictures]
 */
import { maskArea, maskBox, maskFromPolygons, maskToCoco, parseCoco, parseCocoResults, type CocoAnnotation, type CocoResult } from "@flexivit/annotations";
import { random } from "@flexivit/random";
import { availableParallelism, cpus } from "node:os";
import { cocoMetrics } from "../src/index.ts";

const [height, width, objects, detections, categories] = [480, 640, 7, 100, 80];
const pictures = Number(process.argv[2] ?? 5000);

/** The texts of the two files. */
function makeFiles(): { truth: string; results: string } {
  const annotations: CocoAnnotation[] = [];
  const results: CocoResult[] = [];
  for (let image_id = 0; image_id < pictures; image_id++) {
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
  const images = Array.from({ length: pictures }, (_, id) => ({ id, height, width }));
  const names = Array.from({ length: categories }, (_, id) => ({ id, name: `${id}` }));
  return { truth: JSON.stringify({ images, annotations, categories: names }), results: JSON.stringify(results) };
}

const row = (...cells: string[]): void => console.log(`| ${cells.join(" | ")} |`);

/** Does some work and prints a row: what, seconds by the clock, seconds of processor time, what came out. */
function measure<Result>(what: string, work: () => Result, outcome: (result: Result) => string): Result {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const wall = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage(used);
  row(what, wall.toFixed(1), ((user + system) / 1e6).toFixed(1), outcome(result));
  return result;
}

const files = makeFiles();
console.log(`${pictures} pictures of ${height}x${width}, ${objects} objects and ${detections} detections each, ${categories} categories`);
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}\n`);
row("step", "wall s", "CPU s", "result");
row("---", "---", "---", "---");
const json = measure(
  "parse the JSON of both files",
  () => ({ truth: JSON.parse(files.truth) as unknown, results: JSON.parse(files.results) as unknown }),
  () => `${((files.truth.length + files.results.length) / 1e6).toFixed(0)} MB`,
);
const [truth, results] = measure(
  "check all entries",
  () => [parseCoco(json.truth), parseCocoResults(json.results)] as const,
  ([{ annotations }, found]) => `${annotations.length} objects, ${found.length} detections`,
);
for (const [what, iou] of [["numbers of boxes", "bbox"], ["numbers of masks", "segm"]] as const) {
  measure(what, () => cocoMetrics(truth, results, { iou }), ({ AP }) => `AP ${AP.toFixed(3)}`);
}
console.log(`\nmost memory: ${(process.resourceUsage().maxRSS / 1024 ** 2).toFixed(1)} GiB, the texts and the making of them included`);
