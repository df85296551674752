import { describe, expect, it } from "vitest";
import { placedPlates } from "./draw-plates.ts";

const canvas = { height: 200, width: 300, textPx: 12 }; // plates are 18 px high
const red = [213, 94, 0] as const;
const labelled = (text: string, ...boxes: (readonly [number, number, number, number])[]) => boxes.map((box) => ({ box, text, colour: red }));

describe("placedPlates", () => {
  it("lie above the box, else within its top, else at the canvas's edge; none without a text", () => {
    const tops = (box: readonly [number, number, number, number]) => placedPlates(labelled("cat", box), canvas).map(({ left, top }) => [left, top]);
    expect(tops([40, 60, 90, 120])).toEqual([[40, 42]]);
    expect(tops([40, 17, 90, 120])).toEqual([[40, 17]]);
    expect(tops([40, -5, 90, 195])).toEqual([[40, 0]]);
    expect(tops([-20, 60, 90, 120])).toEqual([[0, 42]]);
    expect(tops([40, 230, 90, 260])).toEqual([[40, 182]]);
    expect(placedPlates(labelled("", [40, 60, 90, 120]), canvas)).toEqual([]);
  });

  it("keep clear of each other where there is room: three objects in one place have theirs above, within and below", () => {
    const box = [40, 60, 90, 120] as const;
    expect(placedPlates(labelled("cat", box, box, box, box), canvas).map(({ top }) => top)).toEqual([42, 60, 120, 42]);
  });

  it("stay inside the canvas, wherever the box is and however long the text", () => {
    for (let i = 0; i < 200; i++) {
      const [x, y] = [((i * 97) % 400) - 50, ((i * 61) % 300) - 50];
      for (const text of ["a", "a fairly long name of a class 0.99", "so long that it does not fit into the whole width of the canvas 1.00"]) {
        const [{ left, top, width, height }] = placedPlates(labelled(text, [x, y, x + 30, y + 20]), canvas);
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
        expect(left + width).toBeLessThanOrEqual(300);
        expect(top + height).toBeLessThanOrEqual(200);
      }
    }
  });
});
