import { convertBox, maskPixels, type Box, type Mask } from "@flexivit/annotations";
import { resizeImages } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";

/** A true object: `box` is `xyxy` in pixels of the image, `class` an index; `mask` is of the image's pixels. */
export type TargetObject = { box: Box; class: number; crowd?: boolean; mask?: Mask };

export type TargetOptions = {
  /** Height and width of the images, in pixels. */
  sizePx: readonly [height: number, width: number];
  /** Height and width to which masks are averaged; no masks unless given. */
  maskSize?: readonly [height: number, width: number];
};

/** The true objects of a batch as tensors, so that a batch of the training loop can hold them. */
export type DetectionTargets = {
  /** [batch, objects, 4]: centre x, centre y, width, height as shares of the image; filled up to the image with most. */
  boxes: tf.Tensor3D;
  /** [batch, objects], int32: the class, -1 where there is no object. */
  classes: tf.Tensor2D;
  /** [batch, objects, maskHeight, maskWidth]: the share of each pixel that is inside, 0..1. */
  masks?: tf.Tensor4D;
};

/**
 * The objects of each image of a batch as tensors; regions of many objects are left out.
 *
 * @throws where a class is no index, a box is not finite, or an object lacks the mask that is asked for
 */
export function detectionTargets(images: readonly (readonly TargetObject[])[], { sizePx: [height, width], maskSize }: TargetOptions): DetectionTargets {
  const lists = images.map((list) => list.filter(({ crowd }) => !crowd));
  const objects = Math.max(1, ...lists.map(({ length }) => length));
  const boxes = new Float32Array(lists.length * objects * 4);
  const classes = new Int32Array(lists.length * objects).fill(-1);
  for (const [image, list] of lists.entries()) {
    for (const [index, object] of list.entries()) {
      checkObject(object, image, index);
      const [x, y, boxWidth, boxHeight] = convertBox(object.box, "xyxy", "cxcywh");
      boxes.set([x / width, y / height, boxWidth / width, boxHeight / height], (image * objects + index) * 4);
      classes[image * objects + index] = object.class;
    }
  }
  return {
    boxes: tf.tensor3d(boxes, [lists.length, objects, 4]),
    classes: tf.tensor2d(classes, [lists.length, objects], "int32"),
    ...(maskSize ? { masks: maskTargets(lists, objects, maskSize) } : {}),
  };
}

function maskTargets(images: readonly (readonly TargetObject[])[], objects: number, [height, width]: readonly [number, number]): tf.Tensor4D {
  return tf.tidy(() => {
    const empty = tf.zeros([height, width]);
    const maps = images.flatMap((list, image) =>
      Array.from({ length: objects }, (_, index) => (index < list.length ? smallMask(list[index].mask, height, width, `images[${image}][${index}]`) : empty)),
    );
    return tf.reshape(tf.stack(maps), [images.length, objects, height, width]);
  });
}

function smallMask(mask: Mask | undefined, height: number, width: number, where: string): tf.Tensor {
  if (!mask) throw new Error(`detectionTargets(${where}.mask): expected a mask, as options.maskSize asks for masks, got none. Add it or leave maskSize out.`);
  const pixels = tf.tensor2d(Float32Array.from(maskPixels(mask)), [mask.height, mask.width]);
  return resizeMaps(pixels, height, width);
}

/** Maps [..., height, width] at another size, smoothed where they shrink. */
export function resizeMaps<T extends tf.Tensor>(maps: T, height: number, width: number): T {
  const [fromHeight, fromWidth] = maps.shape.slice(-2);
  const images = tf.reshape(maps, [-1, fromHeight, fromWidth, 1]) as tf.Tensor4D;
  return tf.reshape(resizeImages(images, [height, width]), [...maps.shape.slice(0, -2), height, width]) as T;
}

function checkObject(object: TargetObject, image: number, index: number): void {
  const where = `detectionTargets(images[${image}][${index}]`;
  if (!Number.isInteger(object.class) || object.class < 0) throw new Error(`${where}.class): expected an index from 0, got ${object.class}. Use places in the list of classes.`);
  if (!object.box.every(Number.isFinite)) throw new Error(`${where}.box): expected 4 finite numbers, got ${object.box.join(", ")}. Remove or correct the object.`);
}
