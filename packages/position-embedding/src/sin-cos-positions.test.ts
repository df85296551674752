import { expectClose, expectNoLeak, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sinCosPositions } from "./sin-cos-positions.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

type SinCos = { key: string; h: number; w: number; width: number; temperature: number };

test("the first token is 0 under every sine and 1 under every cosine", () => {
  const [first] = tf.unstack(sinCosPositions({ gridHeight: 2, gridWidth: 3 }, 8));
  expectClose(first, [0, 0, 1, 1, 0, 0, 1, 1]);
});

test("one step to the right changes x only, one step down y only, at frequencies 1 and 1/temperature", () => {
  const tokens = tf.unstack(sinCosPositions({ gridHeight: 2, gridWidth: 3 }, 8, { temperature: 100 }));
  const [sin, cos] = [Math.sin, Math.cos];
  expectClose(tokens[1], [sin(1), sin(0.01), cos(1), cos(0.01), 0, 0, 1, 1], { absolute: 1e-7 });
  expectClose(tokens[3], [0, 0, 1, 1, sin(1), sin(0.01), cos(1), cos(0.01)], { absolute: 1e-7 });
});

test("equals big_vision's posemb_sincos_2d within 2.5e-7", async () => {
  const arrays = await readFixture("pos-embed.npz");
  const { sincos2d } = await readFixture<{ sincos2d: SinCos[] }>("pos-embed.json");
  expect(sincos2d).toHaveLength(3);
  for (const { key, h, w, width, temperature } of sincos2d) {
    // Sines of up to 9 in float32: the reference's noise is 1.2e-7, and so is a rounding of 1.
    expectClose(sinCosPositions({ gridHeight: h, gridWidth: w }, width, { temperature }), arrays[key].data, { absolute: 2.5e-7 });
  }
});

test("a dim that is no multiple of 4, a grid without patches and a temperature of 0 are refused", () => {
  const grid = { gridHeight: 2, gridWidth: 3 };
  for (const dim of [4, 10, 0, 8.5]) {
    expect(() => sinCosPositions(grid, dim)).toThrow(
      new Error(`sinCosPositions(dim): expected a multiple of 4 of at least 8, got ${dim}. A quarter each is sine and cosine of x and of y.`),
    );
  }
  expect(() => sinCosPositions({ gridHeight: 0, gridWidth: 3 }, 8)).toThrow("sinCosPositions(grid): expected whole numbers of patches above 0");
  expect(() => sinCosPositions(grid, 8, { temperature: 0 })).toThrow(
    new Error("sinCosPositions(temperature): expected a finite number above 0, got 0. Leave it out for 10000."),
  );
});

test("nothing is left behind", () => {
  expectNoLeak(() => sinCosPositions({ gridHeight: 2, gridWidth: 3 }, 8));
});
