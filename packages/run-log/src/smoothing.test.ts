import { expect, it } from "vitest";
import { inStretches, smooth } from "./smoothing.ts";

const line = (ys: readonly number[]) => ys.map((y, x) => ({ x, y }));

it("smoothing keeps a constant, its first value included, and leaves short series alone", () => {
  for (const { y } of smooth(line(Array.from({ length: 500 }, () => 3)))) expect(y).toBeCloseTo(3, 12);
  expect(smooth(line([1, 5, 2]))).toEqual(line([1, 5, 2]));
});

it("smoothing averages over about a fiftieth of the points: noise of 200 points shrinks to a third or less", () => {
  const noisy = line(Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? 1 : -1)));
  expect(Math.max(...smooth(noisy).slice(200).map(({ y }) => Math.abs(y)))).toBeLessThan(0.03);
});

it("smoothing passes over values that are not finite, which stay where they are", () => {
  const ys = Array.from({ length: 300 }, () => 2);
  ys[100] = Number.NaN;
  const smoothed = smooth(line(ys));
  expect(smoothed[100].y).toBeNaN();
  expect(smoothed[101].y).toBeCloseTo(2, 12);
});

it("stretches keep the lowest and the highest value, and are as many as asked for at most", () => {
  const ys = Array.from({ length: 25_007 }, () => 0);
  ys[12_345] = 9;
  ys[12_399] = -7;
  const stretches = inStretches(line(ys), 300);
  expect(stretches.length).toBeLessThanOrEqual(300);
  expect(Math.max(...stretches.map(({ high }) => high))).toBe(9);
  expect(Math.min(...stretches.map(({ low }) => low))).toBe(-7);
});

it("a stretch with a value that is not finite leaves a gap in the line, not in the range", () => {
  expect(inStretches(line([1, Number.NaN, 3, 4, 5, 6]), 2)).toEqual([
    { x: 0, low: 1, high: 3, y: Number.NaN },
    { x: 3, low: 4, high: 6, y: 6 },
  ]);
});
