/** How many windows there are along an axis of `length` pixels, and how many of them cover each pixel. */
export function coverage(length: number, size: number, stride: number): { windows: number; counts: Float64Array } {
  const windows = Math.floor((length - size) / stride) + 1;
  const counts = new Float64Array(length);
  for (let start = 0; start + size <= length; start += stride) for (let i = 0; i < size; i++) counts[start + i]++;
  return { windows, counts };
}

/**
 * Adds sum_windows sum_{x, c} weight[x] p[start + i, x, c] p[start + k, x, c] to `sums` [size, size], the second moments
 * along the rows of an image.
 *
 * The products of every two rows within reach are made once; windows then only add them up, so every window position costs
 * hardly more than a few.
 *
 * @param pixels [rows, width, channels]
 * @param windows their size and stride along the rows, and how often each of the `width` columns is in one
 */
export function axisMoments(
  sums: Float64Array,
  pixels: Float64Array,
  [rows, width, channels]: readonly [number, number, number],
  { size, stride, weights }: { size: number; stride: number; weights: Float64Array },
): void {
  const length = width * channels;
  const weighted = pixels.map((value, i) => value * weights[Math.floor(i / channels) % width]);
  for (let row = 0; row < rows; row++) {
    for (let lag = 0; lag < Math.min(size, rows - row); lag++) {
      const [from, other] = [row * length, (row + lag) * length];
      let product = 0;
      for (let x = 0; x < length; x++) product += weighted[from + x] * pixels[other + x];
      addPair(sums, product, { row, lag, rows, size, stride });
    }
  }
}

/** Adds the product of rows `row` and `row + lag` to the entries of every window that holds both. */
function addPair(sums: Float64Array, product: number, { row, lag, rows, size, stride }: Record<"row" | "lag" | "rows" | "size" | "stride", number>): void {
  for (let i = row % stride; i + lag < size && i <= row; i += stride) {
    if (row - i + size > rows) continue; // a window that would end outside
    sums[i * size + i + lag] += product;
    if (lag > 0) sums[(i + lag) * size + i] += product;
  }
}

/** Adds sum_{y, x} down[y] across[x] p[y, x, c] p[y, x, d] to `sums` [channels, channels]. */
export function channelMoments(
  sums: Float64Array,
  pixels: Float64Array,
  [height, width, channels]: readonly [number, number, number],
  down: Float64Array,
  across: Float64Array,
): void {
  for (let pixel = 0; pixel < height * width; pixel++) {
    const weight = down[Math.floor(pixel / width)] * across[pixel % width];
    for (let c = 0; c < channels; c++) {
      const value = weight * pixels[pixel * channels + c];
      for (let d = 0; d < channels; d++) sums[c * channels + d] += value * pixels[pixel * channels + d];
    }
  }
}
