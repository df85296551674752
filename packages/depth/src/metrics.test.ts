import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, test } from "vitest";
import { depthErrors, depthMetrics } from "./depth-metrics.ts";
import { normalCounts } from "./normal-counts.ts";
import { normalErrors, normalMetrics } from "./normal-metrics.ts";

type Expected = { depth: Record<string, number> & { per_image_mean: Record<string, number> }; normals: Record<string, number> };
const arrays = await readFixture("segment-depth/arrays.npz");
const expected = await readFixture<Expected>("segment-depth/expected.json");
const pixels = 18 * 25; // of each of two images
const part = (name: string, i: number, perPixel = 1) => arrays[name].data.slice(i * pixels * perPixel, (i + 1) * pixels * perPixel);
// float32 inputs, sums in float64
const exact = { relative: 1e-7 };

describe("depthMetrics", () => {
  const errors = [0, 1].map((i) => depthErrors(part("depth/pred", i), part("depth/gt", i), { mask: part("depth/mask", i) }));

  test("depths that are right have no error; twice the right ones have silog 0, absRel 1 and no delta below 1.25^3", () => {
    const truth = [1, 2, 0, 5];
    expect(depthMetrics([depthErrors([1, 2, 9, 5], truth)])).toEqual({ rmse: 0, mae: 0, absRel: 0, sqRel: 0, rmseLog: 0, log10: 0, delta1: 1, delta2: 1, delta3: 1, silog: 0 });
    const { silog, absRel, rmseLog, delta3, mae } = depthMetrics([depthErrors([2, 4, 9, 10], truth)]);
    expectClose([silog, absRel, rmseLog, delta3, mae], [0, 1, Math.log(2), 0, 8 / 3], { absolute: 1e-7 });
  });

  test("one mean over the 722 valid pixels of two images equals numpy", () => {
    const { depth } = expected;
    expect(errors[0].pixels + errors[1].pixels).toBe(722);
    const metrics = depthMetrics(errors);
    const wanted = { rmse: depth.rmse, mae: depth.mae, absRel: depth.abs_rel, sqRel: depth.sq_rel, rmseLog: depth.rmse_log, log10: depth.log10, delta1: depth.delta1, delta2: depth.delta2, delta3: depth.delta3, silog: depth.silog };
    for (const [name, value] of Object.entries(wanted)) expectClose(metrics[name as keyof typeof wanted], value, exact);
  });

  test("the mean of the figures of the images equals numpy, and an image without a pixel does not count", () => {
    const none = depthErrors([1], [0]);
    const { rmse, absRel, log10, delta1, silog } = depthMetrics([...errors, none], "images");
    const each = expected.depth.per_image_mean;
    expectClose([rmse, absRel, log10, delta1, silog], [each.rmse, each.abs_rel, each.log10, each.delta1, each.silog], exact);
  });

  test("a range leaves out truth outside and cuts predictions to it", () => {
    const cut = depthErrors([0, 50, 3, 4], [1, 8, 0.5, 20], { range: [1, 10] });
    expect([cut.pixels, cut.absolute]).toEqual([2, 2]); // 0 becomes 1, 50 becomes 10
  });

  test("other lengths, predictions that are not above 0 and sets without a pixel are refused", () => {
    expect(() => depthErrors([1, 2], [1])).toThrow(new Error("depthErrors(prediction): expected 1 pixels, as the truth has, got 2. Resize it."));
    expect(() => depthErrors([1, -2], [1, 1])).toThrow(
      new Error("depthErrors(prediction): expected a finite depth above 0, got -2 at 1. Give a range to cut predictions to, or take other weights."),
    );
    expect(() => depthErrors([NaN], [1], { range: [1, 2] })).toThrow(
      new Error("depthErrors(prediction): expected a finite depth above 0, got NaN at 0. Train with a smaller learning rate, or take other weights."),
    );
    expect(() => depthMetrics([depthErrors([1], [NaN])])).toThrow(
      new Error("depthMetrics(errors): expected a pixel with a true depth, got none in 1 images. Check the masks and the range."),
    );
    expect(() => depthMetrics(errors, "batch" as "pixels")).toThrow(
      new Error('depthMetrics(average): expected one of pixels, images, got "batch". Use pixels for one mean over all.'),
    );
  });
});

describe("normalMetrics", () => {
  test("normals 0, 20 and 90 degrees off, of any length: mean 36.7, median 20, one of three below 11.25", () => {
    const off = [0, 0, 7, Math.sin(Math.PI / 9), 0, Math.cos(Math.PI / 9), 0, -2, 0];
    const metrics = normalMetrics([normalErrors(off, [0, 0, 1, 0, 0, 3, 0, 0, 1])]);
    expectClose([metrics.meanDeg, metrics.medianDeg, metrics.rmseDeg], [110 / 3, 20, Math.sqrt(8500 / 3)], exact);
    expect([metrics.within11, metrics.within22, metrics.within30]).toEqual([1 / 3, 2 / 3, 2 / 3]);
  });

  test("the 747 valid pixels of two images equal numpy", () => {
    const errors = [0, 1].map((i) => normalErrors(part("normals/pred", i, 3), part("normals/gt", i, 3), part("normals/mask", i)));
    const { normals } = expected;
    const metrics = normalMetrics(errors);
    expect(errors[0].length + errors[1].length).toBe(747);
    expectClose([metrics.meanDeg, metrics.medianDeg, metrics.rmseDeg], [normals.mean_deg, normals.median_deg, normals.rmse_deg], { relative: 1e-6 });
    expectClose([metrics.within11, metrics.within22, metrics.within30], [normals.within_11_25, normals.within_22_5, normals.within_30], { relative: 1e-12 });
  });

  test("an even number of angles has the mean of the middle two as its median", () => {
    expect(normalMetrics([Float32Array.of(40, 1), Float32Array.of(10, 20)]).medianDeg).toBe(15);
  });

  test("two images counted one after the other have the figures of all their angles, the median within 0.0004 degrees", () => {
    const errors = [0, 1].map((i) => normalErrors(part("normals/pred", i, 3), part("normals/gt", i, 3), part("normals/mask", i)));
    const first = normalCounts(errors[0]);
    const counted = normalMetrics(normalCounts(errors[1], first));
    const whole = normalMetrics(errors);
    for (const name of ["meanDeg", "rmseDeg", "within11", "within22", "within30"] as const) expectClose(counted[name], whole[name], { relative: 1e-12 });
    expectClose(counted.medianDeg, whole.medianDeg, { absolute: 0.0004 });
    expect(first.pixels).toBe(errors[0].length); // it was not changed
    expect(first.bins.reduce((sum, count) => sum + count)).toBe(errors[0].length);
  });

  test("counted angles of 0, 180 and twice 60 degrees have the median 60, of 0 and 180 it is 90", () => {
    expectClose(normalMetrics(normalCounts(Float32Array.of(60, 180, 0, 60))).medianDeg, 60, { absolute: 0.0004 });
    expectClose(normalMetrics(normalCounts(Float32Array.of(180), normalCounts(Float32Array.of(0)))).medianDeg, 90, { absolute: 0.0004 });
    expect(() => normalMetrics(normalCounts(new Float32Array(0)))).toThrow(
      new Error("normalMetrics(errors): expected a pixel with a true normal, got none that was counted. Check the masks."),
    );
  });

  test("other lengths, predictions without direction and sets without a pixel are refused", () => {
    expect(() => normalErrors([0, 0, 1], [0, 0, 1, 1, 0, 0])).toThrow(new Error("normalErrors(prediction): expected 6 values for 2 pixels of the truth, got 3. Resize it."));
    expect(() => normalErrors([0, 0, 1], [0, 0, 1], [1, 1])).toThrow(new Error("normalErrors(mask): expected 1 values for 1 pixels of the truth, got 2. Resize it."));
    expect(() => normalErrors([0, 0, 0], [0, 0, 1])).toThrow(
      new Error("normalErrors(prediction): expected a vector with a direction, got a length of 0 at pixel 0. Mask it."),
    );
    expect(() => normalMetrics([normalErrors([1, 0, 0], [0, 0, 0])])).toThrow(
      new Error("normalMetrics(errors): expected a pixel with a true normal, got none in 1 images. Check the masks."),
    );
  });
});
