/** Four numbers whose meaning is a {@link BoxForm}. */
export type Box = readonly [number, number, number, number];

/**
 * What the numbers of a box are.
 *
 * - `xyxy`: left, top, right, bottom; the form that functions here take unless they say otherwise
 * - `xywh`: left, top, width, height; the form of COCO files
 * - `cxcywh`: centre x, centre y, width, height; the form that networks predict
 */
export type BoxForm = "xyxy" | "xywh" | "cxcywh";

const toCorners: Record<BoxForm, (box: Box) => Box> = {
  xyxy: (box) => box,
  xywh: ([x, y, width, height]) => [x, y, x + width, y + height],
  cxcywh: ([x, y, width, height]) => [x - width / 2, y - height / 2, x + width / 2, y + height / 2],
};

const fromCorners: Record<BoxForm, (box: Box) => Box> = {
  xyxy: (box) => box,
  xywh: ([left, top, right, bottom]) => [left, top, right - left, bottom - top],
  cxcywh: ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top],
};

/**
 * The same box in another form; units stay as they are.
 *
 * @throws where a form does not exist
 */
export function convertBox(box: Box, from: BoxForm, to: BoxForm): Box {
  for (const [argument, form] of [["from", from], ["to", to]] as const) {
    if (Object.hasOwn(toCorners, form)) continue;
    throw new Error(`convertBox(${argument}): expected one of ${Object.keys(toCorners).join(", ")}, got "${String(form)}". Use one of these forms.`);
  }
  return fromCorners[to](toCorners[from](box));
}

/** Area of a box `xyxy`, in the square of its units. */
export function boxArea([left, top, right, bottom]: Box): number {
  return (right - left) * (bottom - top);
}
