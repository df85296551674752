import { describe, expect, expectTypeOf, test } from "vitest";
import { axes } from "./axes.ts";

describe("axes", () => {
  test("a [2, 3, 5] tensor read as batch tokens dim has 2, 3 and 5", () => {
    expect(axes({ shape: [2, 3, 5] }, "attention(x)", "batch tokens dim")).toEqual({ batch: 2, tokens: 3, dim: 5 });
  });

  test("a numeral is checked and not returned", () => {
    expect(axes({ shape: [2, 5, 7, 3] }, "f(x)", "batch height width 3")).toEqual({ batch: 2, height: 5, width: 7 });
  });

  test("a leading ... stands for any number of axes", () => {
    expect(axes({ shape: [2, 3, 5] }, "f(x)", "... dim")).toEqual({ dim: 5 });
    expect(axes({ shape: [5] }, "f(x)", "... dim")).toEqual({ dim: 5 });
  });

  test("a known length is checked and returned, an undefined one is free", () => {
    expect(axes({ shape: [2, 3] }, "f(x)", "batch dim", { dim: 3 })).toEqual({ batch: 2, dim: 3 });
    expect(axes({ shape: [2, 3] }, "f(x)", "batch dim", { dim: undefined })).toEqual({ batch: 2, dim: 3 });
  });

  test("the result has exactly the pattern's names as a type", () => {
    const found = axes({ shape: [2, 5, 7, 3] }, "f(x)", "batch height width 3");
    expectTypeOf(found).toEqualTypeOf<{ batch: number; height: number; width: number }>();
    expectTypeOf(axes({ shape: [2, 3] }, "f(x)", "... dim")).toEqualTypeOf<{ dim: number }>();
    // @ts-expect-error: the pattern has no such name
    axes({ shape: [2, 3] }, "f(x)", "batch dim", { tokens: 3 });
  });
});

describe("axes refuses", () => {
  test("another number of axes", () => {
    expect(() => axes({ shape: [2, 3] }, "attention(x)", "batch tokens dim")).toThrow(
      new Error("attention(x): expected axes [batch, tokens, dim], got shape [2, 3]. Reshape it to rank 3."),
    );
    expect(() => axes({ shape: [] }, "linear(x)", "... dim")).toThrow(
      new Error("linear(x): expected axes [..., dim], got shape []. Reshape it to rank at least 1."),
    );
  });

  test("another length than the numeral, counted from the front also behind ...", () => {
    expect(() => axes({ shape: [2, 5, 7, 4] }, "f(images)", "batch height width 3")).toThrow(
      new Error("f(images): expected axes [batch, height, width, 3], got shape [2, 5, 7, 4]. Axis 3 must have length 3."),
    );
    expect(() => axes({ shape: [2, 5, 7] }, "f(x)", "... 3 width")).toThrow(
      new Error("f(x): expected axes [..., 3, width], got shape [2, 5, 7]. Axis 1 must have length 3."),
    );
  });

  test("another length than the known one", () => {
    expect(() => axes({ shape: [2, 5] }, "f(y)", "batch dim", { dim: 64 })).toThrow(
      new Error("f(y): expected axes [batch, dim=64], got shape [2, 5]. Axis 1 must have length 64."),
    );
  });

  test("two lengths for one name", () => {
    expect(() => axes({ shape: [3, 5] }, "f(square)", "side side")).toThrow(
      new Error("f(square): expected axes [side, side], got shape [3, 5]. Axis 1 must have length 3."),
    );
  });
});
