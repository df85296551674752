/** A polygon becomes run lengths, a packed string of a few characters, and the same mask again; overlap counts pixels. */
import { maskArea, maskBox, maskFromCoco, maskFromPolygons, maskIous, maskPixels, maskToCoco } from "@flexivit/annotations";

const size = [12, 20] as const; // height, width
const triangle = maskFromPolygons([[2, 10, 10, 1, 18, 10]], size);
const square = maskFromPolygons([[6, 4, 14, 4, 14, 10, 6, 10]], size);

const packed = maskToCoco(triangle);
console.log(`${maskArea(triangle)} pixels in ${triangle.counts.length} runs, packed into "${packed.counts}"`);
if (String(maskFromCoco(packed, size).counts) !== String(triangle.counts)) throw new Error("the mask has changed");

console.log("box (left, top, width, height)", maskBox(triangle), "IoU with the square", maskIous([triangle], [square])[0][0].toFixed(3));
const pixels = maskPixels(triangle);
for (let row = 0; row < size[0]; row++) console.log(Array.from(pixels.subarray(row * size[1], (row + 1) * size[1]), (inside) => ".#"[inside]).join(""));
