import { describe, expect, it } from "vitest";
import { drawsAt, epochOrder } from "./order.ts";

describe("epochOrder", () => {
  it("is a permutation, the same each time, another one for each seed and epoch", () => {
    expect([...epochOrder(7, 1, 0)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(epochOrder(101, 1, 0)).toEqual(epochOrder(101, 1, 0));
    expect(epochOrder(101, 1, 0)).not.toEqual(epochOrder(101, 1, 1));
    expect(epochOrder(101, 1, 0)).not.toEqual(epochOrder(101, 2, 0));
  });
});

describe("drawsAt", () => {
  it("visits each of 7 pictures once per epoch in batches of 3 that reach over the end of an epoch", () => {
    const draws = Array.from({ length: 7 }, (_, step) => drawsAt(7, 5, 3, step)).flat();
    expect(draws.map(({ epoch }) => epoch)).toEqual([0, 1, 2].flatMap((epoch) => Array.from({ length: 7 }, () => epoch)));
    for (const epoch of [0, 1, 2]) {
      expect(Uint32Array.from(draws.filter((draw) => draw.epoch === epoch), ({ index }) => index)).toEqual(epochOrder(7, 5, epoch));
    }
  });

  it("gives the same draws however they are batched, in whatever order steps are asked for", () => {
    const by4 = [5, 0, 3, 1, 4, 2].map((step) => ({ step, draws: drawsAt(11, 9, 4, step) })).sort((a, b) => a.step - b.step);
    const by6 = [0, 1, 2, 3].flatMap((step) => drawsAt(11, 9, 6, step));
    expect(by4.flatMap(({ draws }) => draws)).toEqual(by6);
  });

  it("keeps seeds apart", () => {
    expect(drawsAt(11, 1, 11, 0)).not.toEqual(drawsAt(11, 2, 11, 0));
  });

  it("fills a batch that is larger than the set from several epochs", () => {
    expect(drawsAt(2, 1, 5, 0).map(({ epoch }) => epoch)).toEqual([0, 0, 1, 1, 2]);
  });
});
