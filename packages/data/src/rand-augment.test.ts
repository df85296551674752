import { random } from "@flexivit/random";
import { readFixture, type NpyArray } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { applyLayer, checkAugment, drawLayer, randAugment, type LayerDraw, type RandAugment } from "./rand-augment.ts";
import type { Size } from "./view.ts";

const arrays = await readFixture("data/rand-augment.npz");
const [height, width, channels] = arrays["pictures/rgb"].shape;
const size: Size = [height, width];
const bytes = (array: NpyArray): Uint8Array => Uint8Array.from(array.data);
const rgb = bytes(arrays["pictures/rgb"]);

/** The reference `<library>/<picture>/<operation>/<magnitude>` and the same computed here. */
function both(key: string): { expected: Uint8Array; got: Uint8Array } {
  const [, kind, operation, magnitude] = key.split("/");
  const picture = arrays[`pictures/${kind}`];
  // The cutout of the references has its centre at row height / 4 and column 3 / 4 width.
  const draw = { operation: operation as LayerDraw["operation"], negative: magnitude.startsWith("-"), row: 0.25, column: 0.75 };
  const got = applyLayer(bytes(picture), size, picture.shape[2], Math.abs(Number(magnitude)), draw);
  return { expected: bytes(arrays[key]), got };
}

const keysOf = (library: string): string[] => Object.keys(arrays).filter((key) => key.startsWith(library));
const operations = [...new Set(keysOf("pillow").map((key) => key.split("/")[2]))];
const draws = Array.from({ length: 16_000 }, (_, i) => drawLayer(random(1, "augment", 0, i)));

describe("the operations of RandAugment", () => {
  it("leave a grey 128 picture without borders to see: rotated, sheared, moved and cut out it stays as it is", () => {
    const grey = new Uint8Array(5 * 7 * 3).fill(128);
    for (const operation of ["rotate", "shearX", "shearY", "translateX", "translateY", "cutout"] as const) {
      expect(applyLayer(grey, [5, 7], 3, 10, { operation, negative: false, row: 0.5, column: 0.5 })).toEqual(grey);
    }
  });

  it("do nothing at magnitude 5 where it is the middle of the enhancements, and invert twice to the same", () => {
    for (const operation of ["color", "contrast", "brightness", "sharpness"] as const) {
      expect(applyLayer(rgb, size, channels, 5, { operation, negative: false, row: 0, column: 0 })).toEqual(rgb);
    }
    const draw = { operation: "invert", negative: false, row: 0, column: 0 } as const;
    expect(applyLayer(applyLayer(rgb, size, channels, 5, draw), size, channels, 5, draw)).toEqual(rgb);
  });

  it.each(operations)("%s equals Pillow bit for bit, RGB and grey, at magnitudes 10 and 4", (operation) => {
    const keys = keysOf("pillow").filter((key) => key.split("/")[2] === operation);
    expect(keys.length).toBeGreaterThanOrEqual(4);
    for (const key of keys) {
      const { expected, got } = both(key);
      expect(Buffer.compare(got, expected), key).toBe(0);
    }
  });

  // TensorFlow measures from the centre of the first pixel, Pillow from its corner: a shear of 0.3 differs by 0.15 px.
  it.each([["rotate", 0.01], ["shearX", 0.15], ["shearY", 0.15], ["translateX", 0], ["translateY", 0]])(
    "%s takes the same pixel as TensorFlow's projective transform but for a share of %d",
    (operation, share) => {
      const { expected, got } = both(`tensorflow/rgb/${operation}/10`);
      const differing = got.filter((level, i) => level !== expected[i]).length / got.length;
      expect(differing).toBeLessThanOrEqual(share);
    },
  );
});

describe("randAugment", () => {
  const options: RandAugment = { kind: "rand-augment", layers: 2, magnitude: 10 };

  it("applies as many drawn operations as there are layers, one after the other, and leaves the picture alone", () => {
    const before = rgb.slice();
    const stream = random(5, "augment", 1, 2);
    const [first, second] = [drawLayer(stream), drawLayer(stream)];
    const expected = applyLayer(applyLayer(rgb, size, channels, 10, first), size, channels, 10, second);
    expect(randAugment(rgb, size, channels, options, random(5, "augment", 1, 2))).toEqual(expected);
    expect(randAugment(rgb, size, channels, { ...options, layers: 0 }, random(5, "augment", 1, 2))).toEqual(rgb);
    expect(rgb).toEqual(before);
  });

  it("draws each of the sixteen operations equally often, half of them negative", () => {
    const counts = new Map<string, number>();
    for (const { operation } of draws) counts.set(operation, (counts.get(operation) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(operations.sort());
    // 1,000 expected of each with standard deviation 31: five of them.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(155);
    expect(Math.abs(draws.filter(({ negative }) => negative).length - 8000)).toBeLessThan(320);
  });

  it("cuts out around places that spread evenly over the picture", () => {
    // The standard deviation of a mean of 16,000 uniform draws is 0.0023; five of them.
    for (const axis of ["row", "column"] as const) {
      expect(Math.abs(draws.reduce((sum, draw) => sum + draw[axis], 0) / draws.length - 0.5)).toBeLessThan(0.0115);
    }
  });

  it("moves by 100 px and cuts out 80x80 px at 240 px and magnitude 10, half as much at 120 px", () => {
    for (const side of [240, 120]) {
      const white = new Uint8Array(side * side).fill(255);
      const emptied = (operation: LayerDraw["operation"]): number =>
        applyLayer(white, [side, side], 1, 10, { operation, negative: true, row: 0.5, column: 0.5 }).filter((level) => level === 128).length;
      const unit = side / 240;
      expect(emptied("translateX")).toBe(100 * unit * side);
      expect(emptied("translateY")).toBe(100 * unit * side);
      expect(emptied("cutout")).toBe((80 * unit) ** 2);
    }
  });

  it.each([[0, 0.999, 40 * 41, 0, 199], [0.999, 0, 41 * 40, 199, 0]])(
    "cuts out what lies inside around row %d and column %d of 240 px: %i px",
    (row, column, count, top, left) => {
      const white = new Uint8Array(240 * 240).fill(255);
      const cut = applyLayer(white, [240, 240], 1, 10, { operation: "cutout", negative: false, row, column });
      const places = [...cut.keys()].filter((i) => cut[i] === 128);
      expect(places.length).toBe(count);
      expect([Math.min(...places.map((i) => Math.floor(i / 240))), Math.min(...places.map((i) => i % 240))]).toEqual([top, left]);
      expect(Math.max(...places.map((i) => i % 240))).toBeLessThan(left + 41);
    },
  );

  it("turns contrast about a mean of 10.5 rounded to 11, and leaves all 8 bits at magnitude 30", () => {
    const draw = { negative: false, row: 0, column: 0 };
    // Pillow gives [10, 11], too: 11 + 0.1 (10 - 11) = 10.9.
    expect([...applyLayer(Uint8Array.of(10, 11), [1, 2], 1, 0, { ...draw, operation: "contrast" })]).toEqual([10, 11]);
    expect(applyLayer(rgb, size, channels, 30, { ...draw, operation: "posterize" })).toEqual(rgb);
  });

  it("refuses half layers and magnitudes above 30", () => {
    expect(() => checkAugment({ ...options, layers: 1.5 })).toThrow(
      new Error("augment(layers): expected a whole number from 0 on, got 1.5. RandAugment(2, 10) is usual."),
    );
    expect(() => checkAugment({ ...options, magnitude: 31 })).toThrow(
      new Error("augment(magnitude): expected a number in 0..30, got 31. RandAugment(2, 10) is usual."),
    );
    expect(() => checkAugment({ ...options, kind: "auto-augment" as "rand-augment" })).toThrow(
      new Error('augment(kind): expected "rand-augment", got "auto-augment". RandAugment(2, 10) is usual.'),
    );
  });
});
