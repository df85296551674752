/** COCO's numbers for a result file of any detector: what moving every box by two pixels costs small, medium and large objects. */
import { evaluateCoco } from "@flexivit/detect";

const sides = [16, 24, 48, 80, 120, 160];
const annotations = {
  images: sides.map((_, id) => ({ id, width: 200, height: 200 })),
  categories: [{ id: 1, name: "square" }],
  annotations: sides.map((side, id) => ({ id, image_id: id, category_id: 1, bbox: [10, 10, side, side], area: side * side, iscrowd: 0 })),
};
const moved = (by: number) => sides.map((side, id) => ({ image_id: id, category_id: 1, bbox: [10 + by, 10 + by, side, side], score: 0.9 - 0.1 * id }));

for (const by of [0, 2]) {
  const { AP, APsmall, APmedium, APlarge } = evaluateCoco(annotations, moved(by), "bbox");
  console.log(`moved by ${by} px: AP ${AP.toFixed(3)}, small ${APsmall.toFixed(3)}, medium ${APmedium.toFixed(3)}, large ${APlarge.toFixed(3)}`);
}
