import type { DenseConfig } from "@flexivit/depth";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import type { TaskInfo } from "../tasks/task-model.ts";
import { presenters, type Shown } from "./present-task.ts";

const size = [2, 3] as const;
const whole = { top: 0, left: 0, height: 2, width: 3 };
const shown: Shown = { picture: { pixels: new Uint8Array(18), size, channels: 3 }, seen: { size, view: { region: whole, resized: size, window: whole, flip: false, resampling: "pil-bilinear" } } };
const info = { task: "depth", head: { depth: {} } as DenseConfig } as TaskInfo<"depth">;

it.each([
  ["0 and no number", [0, NaN, 0, NaN, 0, 0], null, "no depth above 0"],
  ["0, no end, 2, 5 and 3 m", [0, Infinity, 2, 5, 3, 0], { nearest: 2, median: 3, farthest: 5 }, "2.00 to 5.00 m, median 3.00 m"],
])("depths of %s are told in words, and drawn", async (_, values, range, line) => {
  const depth = tf.tensor3d(values, [1, ...size]);
  const [presentation] = await presenters.depth({ depth }, info, [shown], {});
  expect([presentation.result, presentation.line, Object.keys(presentation.files)]).toEqual([{ depth: range }, line, [".depth.png", ".png"]]);
  depth.dispose();
});
