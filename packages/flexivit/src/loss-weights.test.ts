import { describe, expect, it } from "vitest";
import { heads } from "../test-support/task-recipes.ts";
import { lossOptionsOf } from "./loss-weights.ts";

describe("lossOptionsOf", () => {
  it("gives the options of each head's loss, and leaves to it what nobody asks for", () => {
    expect(lossOptionsOf("detect", heads.detect, { class: 3, l1: 0, giou: 1, mask: 2, dice: 5, empty: 0.2 })).toEqual({ weights: { class: 3, l1: 0, giou: 1, mask: 2, dice: 5 }, noObjectWeight: 0.2 });
    expect(lossOptionsOf("detect", heads.detect, { giou: 4 })).toEqual({ weights: { giou: 4 } });
    expect(lossOptionsOf("detect", heads.detect, { empty: 1 })).toEqual({ noObjectWeight: 1 });
    expect(lossOptionsOf("segment", heads.segment, { dice: 0.5 })).toEqual({ dice: 0.5 });
    expect(lossOptionsOf("depth", heads.depth, { normals: 0.1 })).toEqual({ normals: { weight: 0.1 } });
    expect(lossOptionsOf("depth", heads.depth, { depth: 2, normals: 3 })).toEqual({ depth: { weight: 2 }, normals: { weight: 3 } });
  });

  it.each([
    ["detect", { ...heads.detect, masks: undefined, objective: "focal" }, { giou: 1, mask: 1 }, 'class, l1, giou, as this head has, got "mask"'],
    ["detect", { ...heads.detect, objective: undefined }, { empty: 1 }, 'class, l1, giou, mask, dice, as this head has, got "empty"'],
    ["segment", heads.segment, { ce: 1 }, 'dice, as this head has, got "ce"'],
    ["depth", { ...heads.depth, normals: false }, { normals: 1 }, 'depth, as this head has, got "normals"'],
  ] as const)("of %s refuses terms that its loss does not have", (task, head, weights, told) => {
    expect(() => lossOptionsOf<"detect" | "segment" | "depth">(task, head, weights as Record<string, number>)).toThrow(
      new Error(`train(--loss-weights): expected one of ${told}. Correct its name or leave it out.`),
    );
  });
});
