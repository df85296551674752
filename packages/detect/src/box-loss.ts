import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

/** The reference's; keeps the quotients finite for boxes without area. */
const epsilon = 1e-7;

/**
 * `1 - GIoU` of each pair of boxes, 0..2, differentiable in both.
 *
 * @param a [..., 4] left, top, right, bottom
 * @param b [..., 4] likewise
 * @returns [...]
 * @throws where the shapes differ
 * Source: torchvision.ops `generalized_box_iou_loss`; arXiv 1902.09630.
 */
export function giouLoss(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  axes(a, "giouLoss(a)", "... 4");
  if (String(a.shape) !== String(b.shape)) throw new Error(`giouLoss(b): expected the shape of a, [${a.shape.join(", ")}], got [${b.shape.join(", ")}]. Pair the boxes.`);
  return tf.tidy(() => {
    const [fromA, toA] = tf.split(a, 2, -1); // [..., 2]
    const [fromB, toB] = tf.split(b, 2, -1);
    const shared = area(tf.relu(tf.sub(tf.minimum(toA, toB), tf.maximum(fromA, fromB))));
    const union = tf.sub(tf.add(area(tf.sub(toA, fromA)), area(tf.sub(toB, fromB))), shared);
    const around = area(tf.sub(tf.maximum(toA, toB), tf.minimum(fromA, fromB)));
    const iou = tf.div(shared, tf.add(union, epsilon));
    return tf.add(tf.sub(1, iou), tf.div(tf.sub(around, union), tf.add(around, epsilon)));
  });
}

/** Width times height: [..., 2] to [...]. */
function area(sides: tf.Tensor): tf.Tensor {
  const [width, height] = tf.split(sides, 2, -1);
  return tf.squeeze(tf.mul(width, height), [-1]);
}

/** [..., 4] centre x, centre y, width, height to left, top, right, bottom. */
export function corners(boxes: tf.Tensor): tf.Tensor {
  const [centre, sides] = tf.split(boxes, 2, -1);
  const half = tf.div(sides, 2);
  return tf.concat([tf.sub(centre, half), tf.add(centre, half)], -1);
}
