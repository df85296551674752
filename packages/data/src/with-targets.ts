import type { ImageSource, PictureSource } from "./source.ts";

/**
 * Pictures with a target each in place of one class: several classes at once, or numbers to be estimated.
 *
 * @param classes what the values of a target mean: classes, or the names of quantities
 * @param targets [size, classes]: 1 and 0 for classes, any finite numbers for quantities; not copied
 * @throws where the targets do not fit the pictures and classes, or are not finite
 */
export function withTargets(source: PictureSource, classes: readonly string[], targets: Float32Array): ImageSource {
  const length = classes.length;
  if (length === 0 || targets.length !== source.size * length) {
    const expected = `${source.size} pictures x ${length} classes`;
    throw new Error(`withTargets(targets): expected ${expected} values, at least 1 per picture, got ${targets.length}. Give one row per picture.`);
  }
  const wrong = targets.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const name = source.name(Math.floor(wrong / length));
    throw new Error(`withTargets(targets): expected finite numbers, got ${targets[wrong]} for "${classes[wrong % length]}" of ${name}. Leave the picture out.`);
  }
  return {
    size: source.size,
    channels: source.channels,
    name: (index) => source.name(index),
    read: (index, request) => source.read(index, request),
    classes,
    labels: new Int32Array(source.size).fill(-1),
    targets: (index) => targets.subarray(index * length, (index + 1) * length),
  };
}
