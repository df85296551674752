export { boxArea, convertBox, type Box, type BoxForm } from "./box.ts";
export { boxOverlap, cocoBoxIous, type Overlap } from "./box-overlap.ts";
export { cocoEntry, parseCoco, parseCocoResults, type CocoAnnotation, type CocoCategory, type CocoDataset, type CocoImage, type CocoResult } from "./coco.ts";
export { maskFromCoco, maskToCoco, type CocoRle, type CocoSegmentation } from "./coco-mask.ts";
export { combineMasks } from "./combine-masks.ts";
export { encodeMask, maskArea, maskBox, maskPixels, type Mask, type MaskSize } from "./mask.ts";
export { maskIous } from "./mask-iou.ts";
export { nms, type NmsOptions } from "./nms.ts";
export { maskFromPolygons, type Polygon } from "./polygon-mask.ts";
