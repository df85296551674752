import { referenceInterpolations } from "@flexivit/resample";
import { expect, test } from "vitest";
import { vitConfig, type VitSize, type VitVariant } from "./config.ts";

const size: VitSize = { dim: 6, depth: 2, hiddenDim: 5, heads: 3 };

test("a named variant has FlexiViT's 32x32 kernel, 7x7 positions, mean pooling and big_vision's interpolations", () => {
  const small = { dim: 384, depth: 12, hiddenDim: 1536, heads: 6 };
  const defaults = {
    channels: 3,
    patchSize: [32, 32],
    positionGrid: [7, 7],
    embedder: { kind: "linear" },
    positions: "grid",
    registers: 0,
    pooling: "gap",
    mlp: "gelu",
    activation: "tanh",
    layerNormEpsilon: 1e-6,
    normPlace: "tokens",
    dropPath: 0,
  };
  expect(vitConfig("S")).toEqual({
    ...small,
    ...defaults,
    kernelResize: { method: "pi", interpolation: referenceInterpolations.bigVision.patchKernel },
    positionInterpolation: referenceInterpolations.bigVision.positions,
  });
});

test("sizes of your own and single fields replace the defaults", () => {
  expect(vitConfig(size, { channels: 1, pooling: "tok" })).toMatchObject({ ...size, channels: 1, pooling: "tok", patchSize: [32, 32] });
  expect(vitConfig("S", { depth: 3 })).toMatchObject({ dim: 384, depth: 3 });
});

test("a config is plain data: JSON gives it back", () => {
  const config = vitConfig("B", { patchSize: [16, 12] });
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
});

test.each(["XL", "toString"])("the unknown variant %s is refused", (name) => {
  expect(() => vitConfig(name as VitVariant)).toThrow(
    new Error(`vitConfig(variant): expected one of mu, Ti, S, M, B, L, So400m, H, got "${name}". Pass one of these names, or { dim, depth, hiddenDim, heads }.`),
  );
});

test("heads that do not divide dim, sizes that are no whole numbers and another pooling are refused", () => {
  expect(() => vitConfig({ ...size, heads: 4 })).toThrow(
    new Error("vitConfig(heads): expected heads that divide dim 6, got 4. Choose heads so that dim / heads is a whole number."),
  );
  expect(() => vitConfig(size, { depth: 0 })).toThrow(
    new Error("vitConfig(depth): expected a whole number above 0, got 0. Round it, or leave it out where there is a default."),
  );
  expect(() => vitConfig(size, { patchSize: [8, 7.5] })).toThrow("vitConfig(patchSize[1]): expected a whole number above 0, got 7.5.");
  expect(() => vitConfig(size, { positionGrid: [0, 7] })).toThrow("vitConfig(positionGrid[0]): expected a whole number above 0, got 0.");
  expect(() => vitConfig(size, { pooling: "max" as "gap" })).toThrow(
    new Error(
      'vitConfig(pooling): expected one of gap, tok, map, got "max". ' +
        "Pool by the mean of the tokens (gap), by a class token (tok) or by attention (map).",
    ),
  );
});
