import { readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { depthColour } from "./draw-depth-colours.ts";

describe("depthColour", () => {
  it("is viridis of matplotlib backwards, all 256 colours, within 5 levels of 255: eighteen stops stand for them", async () => {
    const viridis = await readFixture<number[][]>("data/viridis.json");
    expect(viridis).toHaveLength(256);
    const errors = viridis.flatMap((colour, i) => depthColour(1 - i / 255).map((level, channel) => Math.abs(level - colour[channel])));
    expect(Math.max(...errors)).toBeLessThanOrEqual(5);
  });

  it("keeps to its ends beyond 0 and 1", () => {
    expect([depthColour(-3), depthColour(7)]).toEqual([depthColour(0), depthColour(1)]);
  });
});
