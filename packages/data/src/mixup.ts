/** The class of each row as probabilities [batch, classes]: 1 at its label, 0 elsewhere. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const out = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) out[row * classes + labels[row]] = 1;
  return out;
}

/**
 * Mixes each row of a batch with the row before it, the first with the last, in place.
 *
 * x[i] <- weight * x[i] + (1 - weight) * x[i - 1]
 *
 * @param rows [batch, ...]: images or probabilities, in float32
 * @param batch number of rows
 * @param weight 0..1, the share of the row itself
 * Source: H. Zhang et al., "mixup", 2018, in the form of big_vision: one weight per batch, partner by rolling.
 */
export function mixup(rows: Float32Array, batch: number, weight: number): void {
  const length = rows.length / batch;
  const last = rows.slice(rows.length - length);
  // From the end on, so that each row still finds the row before it as it was.
  for (let row = batch - 1; row >= 0; row--) {
    const before = row === 0 ? last : rows.subarray((row - 1) * length, row * length);
    const start = row * length;
    for (let i = 0; i < length; i++) rows[start + i] = weight * rows[start + i] + (1 - weight) * before[i];
  }
}
