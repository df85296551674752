import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

export type RoiAlignOptions = {
  /** Bins per region: height, width. */
  size: readonly [height: number, width: number];
  /** Cells of the map per unit of the regions: 1 / patch size for regions in pixels. 1 unless given. */
  scale?: number;
  /** Samples per bin and side; unless given, as many as there are cells, rounded up. */
  samples?: number;
  /** Whether the middle of cell 0 lies at 0.5, as it should; `false` is the older convention, at 0. True unless given. */
  aligned?: boolean;
};

/** A part of an image: index in the batch, then left, top, right, bottom. */
export type Region = readonly [image: number, left: number, top: number, right: number, bottom: number];

/**
 * The mean of a map over each bin of each region, from bilinear samples: differentiable in the map.
 *
 * Bilinear sampling is separable, so each region is two matrices, rows and columns. Samples more than a cell outside
 * the map are 0. The regions are constants.
 *
 * @param map [batch, height, width, channels]
 * @returns [regions, size[0], size[1], channels]
 * @throws where a region names an image that is not there, or a size is no whole number above 0
 * Source: torchvision.ops `roi_align`; arXiv 1703.06870, section 3.
 */
export function roiAlign(map: tf.Tensor4D, regions: readonly Region[], options: RoiAlignOptions): tf.Tensor4D {
  const { batch, height, width, channels } = axes(map, "roiAlign(map)", "batch height width channels");
  const { size: [binRows, binColumns] } = options;
  checkRegions(regions, batch, options);
  const rows = new Float32Array(regions.length * binRows * batch * height);
  const columns = new Float32Array(regions.length * binColumns * width);
  for (const [index, [image, left, top, right, bottom]] of regions.entries()) {
    fillBins(rows, { start: index * binRows, bins: binRows, cells: height, stride: batch * height, offset: image * height }, top, bottom, options);
    fillBins(columns, { start: index * binColumns, bins: binColumns, cells: width, stride: width, offset: 0 }, left, right, options);
  }
  return tf.tidy(() => {
    const byRows = tf.matMul(tf.tensor2d(rows, [regions.length * binRows, batch * height]), tf.reshape(map, [batch * height, width * channels]));
    const spread = tf.transpose(tf.reshape(byRows, [regions.length, binRows, width, channels]), [0, 2, 1, 3]); // [regions, width, binRows, channels]
    const byColumns = tf.matMul(tf.tensor3d(columns, [regions.length, binColumns, width]), tf.reshape(spread, [regions.length, width, binRows * channels]));
    return tf.transpose(tf.reshape(byColumns, [regions.length, binColumns, binRows, channels]), [0, 2, 1, 3]) as tf.Tensor4D;
  });
}

/** Where the bins of a region lie in a matrix: first row, number of bins, cells per side, length of a row, first column. */
type Place = { start: number; bins: number; cells: number; stride: number; offset: number };

/** Adds, for each bin between `from` and `to`, the weights of the cells whose mean it is. */
function fillBins(matrix: Float32Array, { start, bins, cells, stride, offset }: Place, from: number, to: number, { scale = 1, samples, aligned = true }: RoiAlignOptions): void {
  const first = from * scale - (aligned ? 0.5 : 0);
  const length = aligned ? (to - from) * scale : Math.max((to - from) * scale, 1); // the older convention knows no region below a cell
  const count = samples ?? Math.ceil(length / bins);
  for (let bin = 0; bin < bins; bin++) {
    for (let sample = 0; sample < count; sample++) {
      const place = first + ((bin + (sample + 0.5) / count) * length) / bins;
      if (place < -1 || place > cells) continue;
      const inside = Math.min(Math.max(place, 0), cells - 1);
      const below = Math.min(Math.floor(inside), cells - 1);
      const row = (start + bin) * stride + offset;
      matrix[row + below] += (1 - (inside - below)) / count;
      if (inside > below) matrix[row + below + 1] += (inside - below) / count;
    }
  }
}

function checkRegions(regions: readonly Region[], batch: number, { size, samples = 1 }: RoiAlignOptions): void {
  for (const [name, count] of [["size", size[0]], ["size", size[1]], ["samples", samples]] as const) {
    if (!Number.isInteger(count) || count < 1) throw new Error(`roiAlign(${name}): expected whole numbers above 0, got ${count}. 7x7 bins of 2 samples are usual.`);
  }
  for (const [index, [image, ...box]] of regions.entries()) {
    if (!Number.isInteger(image) || image < 0 || image >= batch) throw new Error(`roiAlign(regions[${index}]): expected an image from 0 to ${batch - 1}, got ${image}. Its index in the batch comes first.`);
    if (!box.every(Number.isFinite)) throw new Error(`roiAlign(regions[${index}]): expected 4 finite numbers after the image, got ${box.join(", ")}. Remove the region.`);
  }
}
