import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { mixup, oneHot } from "./mixup.ts";

describe("oneHot", () => {
  it("has 1 at the label and 0 elsewhere", () => {
    expect([...oneHot([2, 0], 3)]).toEqual([0, 0, 1, 1, 0, 0]);
  });
});

describe("mixup", () => {
  it("leaves rows as they are at weight 1 and rolls them by one at weight 0", () => {
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
    mixup(rows, 3, 1);
    expect([...rows]).toEqual([1, 2, 3, 4, 5, 6]);
    mixup(rows, 3, 0);
    expect([...rows]).toEqual([5, 6, 1, 2, 3, 4]);
  });

  it("equals big_vision's mixup of images and labels", async () => {
    const arrays = await readFixture("losses-optim.npz");
    const [weight] = arrays["mixup/a"].data;
    for (const [from, to] of [["image", "mixed_image"], ["labels", "mixed_labels"]]) {
      const { data, shape } = arrays[`mixup/${from}`];
      const rows = Float32Array.from(data);
      mixup(rows, shape[0], weight);
      // One float32 rounding of a sum here, three there.
      expectClose(rows, arrays[`mixup/${to}`].data, { relative: 2e-7 });
    }
  });
});
