import { expect, test } from "vitest";
import { schemeProbabilities } from "./draw.ts";
import { gaussian, type GaussianSchemes } from "./gaussian.ts";
import { patchScheme } from "./scheme.ts";

function probabilities(distribution: GaussianSchemes): number[] {
  return schemeProbabilities(distribution, 0).map(({ probability }) => probability);
}

test("a gaussian is plain data with its schemes written out", () => {
  expect(gaussian([48, "24/12", [12, 27]], { centrePx: 20, stdPx: 6 })).toStrictEqual({
    kind: "gaussian",
    schemes: [patchScheme(48), patchScheme(24, 12), patchScheme([12, 27])],
    centrePx: 20,
    stdPx: 6,
  });
});

test("sizes 16, 24 and 40 around 24 with a deviation of 8 weigh exp(-1/2), 1 and exp(-2)", () => {
  const [at16, at24, at40] = probabilities(gaussian([16, 24, 40], { centrePx: 24, stdPx: 8 }));
  expect(at16 / at24).toBeCloseTo(0.606530659712633, 14);
  expect(at40 / at24).toBeCloseTo(0.135335283236613, 14);
  expect(at16 + at24 + at40).toBeCloseTo(1, 14);
});

test("the probabilities are those of SciPy's normal density at the sizes; a patch of 12x27 has size 18, whatever its stride", () => {
  const found = probabilities(gaussian([48, 24, "12x27/6x9", 16, 8], { centrePx: 20, stdPx: 6 }));
  const density = [6.957116091892889e-6, 0.298472088186936, 0.35260310932939026, 0.298472088186936, 0.050445757180645784];
  for (const [index, probability] of found.entries()) expect(probability / density[index]).toBeCloseTo(1, 12); // exp differs in its last bits
});

test("centres far from every size still give probabilities: the ratio of neighbours is that of the density, and the nearest size wins", () => {
  const [at10, at11] = probabilities(gaussian([10, 11], { centrePx: 1000, stdPx: 10 })); // the density is exp(-4900)
  expect(at11 / at10).toBeCloseTo(Math.exp((990 ** 2 - 989 ** 2) / 200), 4);
  expect(schemeProbabilities(gaussian([48, 24, 16], { centrePx: 23, stdPx: 1e-300 }), 0)).toEqual([{ scheme: patchScheme(24), probability: 1 }]);
});

test("a curve without a centre or a width is refused", () => {
  expect(() => gaussian([48, [12, 10]], { centrePx: -3, stdPx: 8 })).toThrow(
    new Error("gaussian(centrePx): expected a patch size in pixels, at least 0, got -3. Choose one near the schemes' sizes, 10.95 to 48."),
  );
  expect(() => gaussian([48, 24], { centrePx: 1e300, stdPx: 8 })).toThrow("got 1e+300. Choose one near the schemes' sizes, 24 to 48.");
  for (const stdPx of [0, -1, Infinity, Number.NaN]) {
    expect(() => gaussian([48, 24], { centrePx: 24, stdPx })).toThrow(
      new Error(
        `gaussian(stdPx): expected finite pixels above 0, got ${stdPx}. To draw one scheme only, list it alone; to draw all alike, use a categorical distribution without weights.`,
      ),
    );
  }
  expect(() => gaussian([], { centrePx: 24, stdPx: 8 })).toThrow("gaussian(schemes): expected at least one scheme, got none.");
});
