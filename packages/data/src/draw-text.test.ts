import { describe, expect, it } from "vitest";
import { fittedText, textPath, textWidth } from "./draw-text.ts";

describe("textWidth", () => {
  it("is the sum of the advances, as fontTools reads them: 12,231 units for 11 letters, 5,655 for letters of other kinds, of 2,048 to a line", () => {
    expect(textWidth("person 0.87", 20)).toBeCloseTo((12231 * 20) / 2048, 9);
    expect(textWidth("Å…Ж", 30)).toBeCloseTo((5655 * 30) / 2048, 9);
  });
});

describe("fittedText", () => {
  it("leaves what fits and cuts what does not, ellipsis included", () => {
    const whole = textWidth("traffic light", 12);
    expect(fittedText("traffic light", 12, whole)).toBe("traffic light");
    expect(fittedText("traffic light", 12, whole - 0.1)).toBe("traffic lig…");
    for (const width of [20, 33, 47, 60]) {
      const cut = fittedText("traffic light", 12, width);
      expect(textWidth(cut, 12)).toBeLessThanOrEqual(width);
      expect("traffic light").toContain(cut.slice(0, -1));
    }
    expect(fittedText("traffic light", 12, 0)).toBe("…");
  });
});

describe("textPath", () => {
  /** [x, y] of all points of an outline. */
  const points = (path: string): number[][] => [...path.matchAll(/(-?\d+(?:\.\d+)?)[ ,]?(-?\d+(?:\.\d+)?)/g)].map(([, x, y]) => [Number(x), Number(y)]);

  it("stands with capitals in the middle of its line: 0.73 of it, as the font says, between 0.13 and 0.86", () => {
    const places = points(/d="([^"]*)"/.exec(textPath("H", { x: 100, top: 50, textPx: 40 }))![1]);
    const ys = places.map(([, y]) => y);
    // 1,493 of 2,048 units.
    expect(Math.max(...ys) - Math.min(...ys)).toBeCloseTo((40 * 1493) / 2048, 1);
    expect((Math.max(...ys) + Math.min(...ys)) / 2).toBeCloseTo(70, 0);
    expect(Math.min(...places.map(([x]) => x))).toBeGreaterThan(100);
    expect(Math.max(...places.map(([x]) => x))).toBeLessThan(100 + textWidth("H", 40));
  });

  it("has an outline for letters of Greek, Cyrillic and accents, and a box for what the font lacks", () => {
    const outlines = ["Ω", "Ж", "é", "你", "好"].map((text) => textPath(text, { x: 0, top: 0, textPx: 20 }));
    expect(new Set(outlines).size).toBe(4);
    expect(outlines[3]).toBe(outlines[4]);
  });
});
