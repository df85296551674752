import { random } from "@flexivit/random";
import { describe, expect, it } from "vitest";
import { chooseView, type Framing } from "./framing.ts";
import type { Size, View } from "./view.ts";

const noStream = (): never => {
  throw new Error("this framing makes no draws");
};
const fixed = (framing: Framing, picture: Size, imageSize: Size): View => chooseView(framing, imageSize)(picture, noStream);
const drawn = (framing: Framing, picture: Size, imageSize: Size, count: number): View[] =>
  Array.from({ length: count }, (_, i) => chooseView(framing, imageSize)(picture, () => random(7, "view", 0, i)));

describe("fixed framings", () => {
  it("shorter-side covers floor(240 / 0.95) = 252 and cuts the longer side to whole pixels", () => {
    const view = fixed({ kind: "shorter-side", cropFraction: 0.95 }, [200, 320], [240, 240]);
    expect(view.resized).toEqual([252, 403]);
    // Margins 12 and 163: halves go to the even neighbour, 81.5 -> 82.
    expect(view.window).toEqual({ top: 6, left: 82, height: 240, width: 240 });
    expect(fixed({ kind: "shorter-side", cropFraction: 0.95 }, [320, 200], [240, 240]).resized).toEqual([403, 252]);
  });

  it("shorter-side covers an image that is not square on both axes", () => {
    expect(fixed({ kind: "shorter-side", cropFraction: 1 }, [100, 300], [20, 30]).resized).toEqual([20, 60]);
    expect(fixed({ kind: "shorter-side", cropFraction: 1 }, [300, 100], [20, 30]).resized).toEqual([90, 30]);
  });

  it("squash resizes without a crop, centre-crop crops without a resize", () => {
    expect(fixed({ kind: "squash" }, [50, 70], [20, 30])).toMatchObject({ resized: [20, 30], window: { top: 0, left: 0, height: 20, width: 30 }, resampling: "tf-bilinear" });
    expect(fixed({ kind: "centre-crop" }, [50, 70], [20, 30])).toMatchObject({ resized: [50, 70], window: { top: 15, left: 20 }, flip: false });
    expect(fixed({ kind: "centre-crop" }, [28, 28], [32, 30]).window).toEqual({ top: -2, left: -1, height: 32, width: 30 });
  });
});

describe("inception-crop", () => {
  const views = drawn({ kind: "inception-crop" }, [300, 400], [24, 24], 4000);
  const areas = views.map(({ region }) => (region.height * region.width) / 120_000);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it("stays inside the picture, within area 5-100 % and ratio 3/4-4/3 up to whole pixels", () => {
    const edges = views.flatMap(({ region }) => [region.top, region.left, 300 - region.top - region.height, 400 - region.left - region.width]);
    expect(Math.min(...edges)).toBe(0);
    const ratios = views.map(({ region }) => region.width / region.height);
    // The smallest region has sides of about 67 to 90 px, so rounding half a pixel moves a ratio by at most 1.5 %.
    expect(Math.min(...ratios)).toBeGreaterThan(0.75 * 0.985);
    expect(Math.max(...ratios)).toBeLessThan((4 / 3) * 1.015);
    expect(Math.min(...areas)).toBeGreaterThan(0.05 * 0.985);
    expect(Math.max(...areas)).toBeLessThanOrEqual(1);
  });

  it("mirrors half of the pictures", () => {
    // Five standard deviations of a mean of 4,000 fair draws: 5 * 0.5 / sqrt(4000) = 0.04.
    expect(Math.abs(mean(views.map(({ flip }) => Number(flip))) - 0.5)).toBeLessThan(0.04);
  });

  it("draws areas uniformly among those that fit: 0.4164 on average in a 3:4 picture", () => {
    // A region of area a fits where ratio >= 4 a / 3, so with the share p(a) = min(1, -ln a / (2 ln 4/3)) of ratios.
    const grid = Array.from({ length: 10_000 }, (_, i) => 0.05 + (0.95 * (i + 0.5)) / 10_000);
    const fits = grid.map((area) => Math.min(1, -Math.log(area) / (2 * Math.log(4 / 3))));
    const expected = grid.reduce((sum, area, i) => sum + area * fits[i], 0) / fits.reduce((sum, p) => sum + p, 0);
    expect(expected).toBeCloseTo(0.4164, 4);
    // The standard deviation of an area is 0.23, of the mean 0.0037; five of them are allowed.
    expect(Math.abs(mean(areas) - expected)).toBeLessThan(0.019);
  });

  it("draws shapes as often wide as high, and a width of 3 heights where the ratio is 3", () => {
    // Below 9/16 of a 3:4 picture every shape fits, so the logarithm has mean 0 and standard deviation 0.17.
    const logs = views.filter((_, i) => areas[i] < 9 / 16).map(({ region }) => Math.log(region.width / region.height));
    expect(Math.abs(mean(logs))).toBeLessThan(5 * (0.17 / Math.sqrt(logs.length)));
    const [{ region }] = drawn({ kind: "inception-crop", area: [0.12, 0.12], ratio: [3, 3] }, [300, 400], [24, 24], 1);
    expect([region.height, region.width]).toEqual([69, 208]);
  });

  it("visits every corner: centres spread evenly left and right, above and below", () => {
    const centres = views.map(({ region }) => [(region.top + region.height / 2) / 300, (region.left + region.width / 2) / 400]);
    // The standard deviation of a centre is below 0.29, of the mean below 0.0046; five of them are allowed.
    expect(Math.abs(mean(centres.map(([y]) => y)) - 0.5)).toBeLessThan(0.023);
    expect(Math.abs(mean(centres.map(([, x]) => x)) - 0.5)).toBeLessThan(0.023);
  });

  it("cuts the same region and flip at another image size", () => {
    const other = drawn({ kind: "inception-crop" }, [300, 400], [48, 36], 50);
    expect(other.map(({ region, flip }) => ({ region, flip }))).toEqual(views.slice(0, 50).map(({ region, flip }) => ({ region, flip })));
  });

  it("takes the middle of the nearest shape of a picture that is too long for any", () => {
    const [view] = drawn({ kind: "inception-crop", area: [0.9, 1] }, [30, 600], [24, 24], 1);
    expect(view.region).toEqual({ top: 0, left: 280, height: 30, width: 40 });
  });

  it("does not mirror where flip is false", () => {
    expect(drawn({ kind: "inception-crop", flip: false }, [30, 40], [24, 24], 50).some(({ flip }) => flip)).toBe(false);
  });
});

describe("pad-crop", () => {
  it("visits each of the 5 x 7 places of a 24x22 window in 28x28 equally often, mirrored half of the time", () => {
    const views = drawn({ kind: "pad-crop" }, [28, 28], [24, 22], 7000);
    const counts = new Map<string, number>();
    for (const { window } of views) counts.set(`${window.top},${window.left}`, (counts.get(`${window.top},${window.left}`) ?? 0) + 1);
    expect(counts.size).toBe(35);
    // 200 expected per place with standard deviation 14: five of them.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(70);
    expect(Math.abs(views.filter(({ flip }) => flip).length - 3500)).toBeLessThan(210);
  });

  it("reaches `padding` pixels outside", () => {
    const tops = drawn({ kind: "pad-crop", padding: 2 }, [28, 28], [28, 28], 500).map(({ window }) => window.top);
    expect([Math.min(...tops), Math.max(...tops)]).toEqual([-2, 2]);
  });
});

describe("refusals", () => {
  it.each<[Framing, string]>([
    [{ kind: "inception-crop", area: [0, 1] }, 'framing(area): expected 0 < from <= to <= 1, got [0,1]. Correct the framing "inception-crop".'],
    [{ kind: "inception-crop", ratio: [2, 1] }, 'framing(ratio): expected 0 < from <= to, got [2,1]. Correct the framing "inception-crop".'],
    [{ kind: "pad-crop", padding: -1 }, 'framing(padding): expected a whole number of pixels, got -1. Correct the framing "pad-crop".'],
    [{ kind: "shorter-side", cropFraction: 2 }, 'framing(cropFraction): expected a share above 0 and up to 1, got 2. Correct the framing "shorter-side".'],
    [
      { kind: "random" } as unknown as Framing,
      'framing(kind): expected "inception-crop", "pad-crop", "shorter-side", "squash" or "centre-crop", got "random". Choose one of them.',
    ],
  ])("%j", (framing, message) => {
    expect(() => chooseView(framing, [24, 24])).toThrow(new Error(message));
  });

  it("a picture that is smaller than the image", () => {
    expect(() => drawn({ kind: "pad-crop", padding: 1 }, [28, 20], [24, 24], 1)).toThrow(
      new Error('framing(padding): expected pictures of at least 24x24 px with 1 px of padding, got 28x20. Pad more or use "inception-crop".'),
    );
  });
});
