import { referenceInterpolations } from "@flexivit/resample";
import { expect, test } from "vitest";
import { vitConfig, type VitConfig, type VitSize, type VitVariant } from "./config.ts";

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

test("pooling by a class token brings FlexiViT's along: learned, first, without a position; another one is kept", () => {
  expect(vitConfig("Ti", { pooling: "tok" }).classToken).toEqual({ value: "learned", at: "first", position: false });
  const last = { value: "ones", at: "last", position: true } as const;
  expect(vitConfig("Ti", { pooling: "tok", classToken: last }).classToken).toEqual(last);
  expect(vitConfig("Ti").classToken).toBeUndefined();
  expect(() => vitConfig("Ti", { pooling: "tok", classToken: undefined })).toThrow(
    new Error(
      'vitConfig(classToken): expected one with pooling "tok", got none. ' +
        'Set it to { value: "learned", at: "first", position: false }, or pool by gap or map.',
    ),
  );
});

const refused: [what: string, overrides: Partial<VitConfig>, message: string][] = [
  ["an unknown embedder", { embedder: { kind: "fourier" } as never }, '(embedder.kind): expected one of linear, mlp, attention, tile-cnn, conv-stem, hybrid, got "fourier". linear is FlexiViT\'s.'],
  ["no hidden units", { embedder: { kind: "mlp", hiddenDim: 0 } }, "(embedder.hiddenDim): expected a whole number above 0, got 0. Round it, or leave it out where there is a default."],
  ["heads of the embedder that do not divide dim", { embedder: { kind: "attention", heads: 4 } }, "(embedder.heads): expected heads that divide dim 6, got 4. Choose heads so that dim / heads is a whole number."],
  ["half a channel", { embedder: { kind: "tile-cnn", channels: 1.5 } }, "(embedder.channels): expected a whole number above 0, got 1.5. Round it, or leave it out where there is a default."],
  ["a stem without stages", { embedder: { kind: "conv-stem", channels: [] } }, '(embedder.channels): expected one or more, got none. Use { kind: "linear" } for an embedder without convolutions.'],
  ["a hybrid without stages", { embedder: { kind: "hybrid", stages: [] } }, '(embedder.stages): expected one or more, got none. Use { kind: "linear" } for an embedder without convolutions.'],
  ["no channels in a stage", { embedder: { kind: "conv-stem", channels: [4, 0] } }, "(embedder.channels[1]): expected a whole number above 0, got 0. Round it, or leave it out where there is a default."],
  ["a hybrid's stage without blocks", { embedder: { kind: "hybrid", stages: [{ channels: 4, blocks: 0 }] } }, "(embedder.stages[0].blocks): expected a whole number above 0, got 0. Round it, or leave it out where there is a default."],
  [
    "patches of no whole cells",
    { embedder: { kind: "conv-stem", channels: [4, 5] }, patchSize: [8, 6] },
    "(patchSize): expected multiples of the stem's stride of 4 pixels, got [8, 6]. Round it to such multiples, or use fewer stages: each halves the feature map.",
  ],
  ["unknown positions", { positions: "rotary" as never }, '(positions): expected one of grid, sequence, factorised, sin-cos, index, none, got "rotary". grid is FlexiViT\'s.'],
  ["sines in 6 channels", { positions: "sin-cos" }, '(positions): expected a dim of at least 8 that 4 divides with "sin-cos", got 6. Use another dim, or "grid".'],
  ["sines in 4 channels", { dim: 4, heads: 2, positions: "sin-cos" }, '(positions): expected a dim of at least 8 that 4 divides with "sin-cos", got 4. Use another dim, or "grid".'],
  ["halves of 9 channels", { dim: 9, positions: "factorised" }, '(positions): expected an even dim with "factorised", got 9. Half of it is of the row, half of the column.'],
  ["another class token", { classToken: { value: "random" as never, at: "first", position: true } }, '(classToken.value): expected one of learned, zeros, ones, got "random". learned is what published models have.'],
  ["a class token in the middle", { classToken: { value: "zeros", at: "middle" as never, position: true } }, '(classToken.at): expected one of first, last, got "middle". first is what published models have.'],
  ["a class token that does not say", { classToken: { value: "zeros", at: "first" } as never }, "(classToken.position): expected one of true, false, got undefined. true adds a learned position to it."],
  ["a negative number of registers", { registers: -1 }, "(registers): expected a whole number of 0 or more, got -1. Round it, or leave it out where there is a default."],
  ["another MLP", { mlp: "relu" as never }, '(mlp): expected one of gelu, swiglu, got "relu". Use the one that the weights were trained with.'],
  ["another form of GELU", { activation: "relu" as never }, '(activation): expected one of tanh, erf, got "relu". tanh is big_vision\'s, erf timm\'s and Hugging Face\'s.'],
  ["a negative epsilon", { layerNormEpsilon: -1e-6 }, "(layerNormEpsilon): expected a number of 0 or more and below 1, got -0.000001. Use 1e-6, as published models have."],
  ["an epsilon that is a text", { layerNormEpsilon: "1e-6" as never }, "(layerNormEpsilon): expected a number of 0 or more and below 1, got 1e-6. Use 1e-6, as published models have."],
  ["one side of a patch", { patchSize: 16 as never }, "(patchSize): expected [height, width], got 16. Give both, also where they are alike."],
  ["a grid of three sides", { positionGrid: [7, 7, 3] as never }, "(positionGrid): expected [height, width], got [7,7,3]. Give both, also where they are alike."],
  ["a stem that does not say its channels", { embedder: { kind: "conv-stem" } as never }, "(embedder.channels): expected a list with an entry per stage, got undefined. Put it in [ ]."],
  ["a hybrid of one stage out of its list", { embedder: { kind: "hybrid", stages: { channels: 4, blocks: 1 } } as never }, '(embedder.stages): expected a list with an entry per stage, got {"channels":4,"blocks":1}. Put it in [ ].'],
  ["a norm elsewhere", { normPlace: "blocks" as never }, '(normPlace): expected one of tokens, pooled, got "blocks". Only timm\'s fc_norm is pooled.'],
  ["a layer scale that is no number", { layerScale: Number.NaN }, "(layerScale): expected a finite number, got NaN. Leave it out for blocks without scales."],
  ["a negative drop path", { dropPath: -0.1 }, "(dropPath): expected a share of 0 or more and below 1, got -0.1. Use 0 to switch it off."],
  ["a drop path of 1", { dropPath: 1 }, "(dropPath): expected a share of 0 or more and below 1, got 1. Use 0 to switch it off."],
];

test.each(refused)("%s is refused, with what is possible", (_what, overrides, message) => {
  expect(() => vitConfig(size, overrides)).toThrow(new Error(`vitConfig${message}`));
});
