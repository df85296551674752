import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { encodeMask } from "@flexivit/annotations";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { classColour, mix } from "./draw-class-colours.ts";
import { depthColour } from "./draw-depth-colours.ts";
import { drawDepth } from "./draw-depth.ts";
import { drawLabels } from "./draw-labels.ts";
import { drawNormals } from "./draw-normals.ts";
import { drawObjects } from "./draw-objects.ts";
import { sideBySide } from "./draw-side-by-side.ts";

type Drawn = { height: number; width: number; at(x: number, y: number): number[]; colours(left: number, top: number, right: number, bottom: number): Set<string> };

async function drawn(png: Promise<Uint8Array>): Promise<Drawn> {
  const { data, info } = await sharp(await png).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  const at = (x: number, y: number): number[] => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)];
  const colours = (left: number, top: number, right: number, bottom: number): Set<string> =>
    new Set(Array.from({ length: (right - left) * (bottom - top) }, (_, i) => at(left + (i % (right - left)), top + Math.floor(i / (right - left))).join()));
  return { height: info.height, width: info.width, at, colours };
}

/** [3, 5] pixels: red grows to the right, green downwards. They are drawn 77 times as large, so that 5 become at least 384. */
const small = { pixels: Uint8Array.from({ length: 3 * 5 * 3 }, (_, i) => [(Math.floor(i / 3) % 5) * 40, Math.floor(i / 15) * 90, 7][i % 3]), size: [3, 5] as const, channels: 3 as const };
const scale = 77;

/** A grey picture that is drawn in its own size. */
const large = { pixels: new Uint8Array(300 * 400).fill(60), size: [300, 400] as const, channels: 1 as const };

describe("drawObjects", () => {
  it("without objects is the picture, each pixel 77 times as wide and high, so that 3x5 becomes 231x385", async () => {
    const picture = await drawn(drawObjects(small, []));
    expect([picture.height, picture.width]).toEqual([3 * scale, 5 * scale]);
    for (const [x, y] of [[0, 0], [4, 0], [1, 2]]) {
      expect(picture.colours(x * scale, y * scale, (x + 1) * scale, (y + 1) * scale)).toEqual(new Set([`${x * 40},${y * 90},7`]));
    }
  });

  it("covers a full mask at opacity 1 with the colour of the class, and with nothing else", async () => {
    const mask = encodeMask(new Uint8Array(15).fill(1), [3, 5]);
    const picture = await drawn(drawObjects(small, [{ box: [0, 0, 5, 3], label: "", class: 4, mask }], { opacity: 1 }));
    expect(picture.colours(0, 0, picture.width, picture.height)).toEqual(new Set([classColour(4).join()]));
  });

  it("draws the outline of a mask at every opacity and mixes half and half within it unless told", async () => {
    // Columns 1 to 3 of rows 0 to 1, so 77..307 and 0..153; the outline is one pixel wide.
    const mask = encodeMask(Uint8Array.from({ length: 15 }, (_, i) => Number(i % 5 >= 1 && i % 5 <= 3 && i < 10)), [3, 5]);
    const object = { box: [4, 2, 5, 3], label: "", class: 1, mask } as const;
    const half = await drawn(drawObjects(small, [object]));
    expect(half.at(200, 50)).toEqual(mix([80, 0, 7], classColour(1), 0.5));
    expect([half.at(77, 50), half.at(307, 50), half.at(200, 153)]).toEqual([classColour(1), classColour(1), classColour(1)]);
    expect([half.at(76, 50), half.at(308, 50), half.at(200, 154)]).toEqual([[0, 0, 7], [160, 0, 7], [80, 180, 7]]);
    const none = await drawn(drawObjects(small, [object], { opacity: 0 }));
    expect([none.at(200, 50), none.at(77, 50)]).toEqual([[80, 0, 7], classColour(1)]);
  });

  it("draws the lines of a box within it, two pixels wide on 300x400 pixels and the best object's on top", async () => {
    const boxes = [{ box: [100, 80, 300, 220], label: "", class: 0, score: 0.9 }, { box: [100, 150, 390, 290], label: "", class: 1, score: 0.8 }] as const;
    const objects = boxes.map((object) => ({ ...object, score: undefined }));
    const picture = await drawn(drawObjects(large, objects));
    expect(picture.colours(100, 80, 300, 82)).toEqual(new Set([classColour(0).join()]));
    expect(picture.colours(298, 80, 300, 150)).toEqual(new Set([classColour(0).join()]));
    expect(picture.colours(298, 152, 300, 218)).toEqual(new Set([classColour(0).join()]));
    expect(picture.colours(102, 82, 298, 150)).toEqual(new Set(["60,60,60"]));
    // Of two without a score, as of two with equal ones, the first lies on top where they share a line.
    expect(picture.at(100, 180)).toEqual(classColour(0));
    const turned = await drawn(drawObjects(large, boxes.map(({ score, ...object }) => ({ ...object, score: 1 - score }))));
    expect(turned.at(100, 180)).toEqual(classColour(1));
  });

  it("writes label and score on a plate of the class's colour above the box", async () => {
    const picture = await drawn(drawObjects(large, [{ box: [100, 80, 300, 220], label: "cat", class: 3, score: 0.876 }]));
    const plate = picture.colours(100, 62, 130, 80); // 12 px of text and 3 px above and below it
    expect(plate).toContain(classColour(3).join());
    expect([...plate].some((colour) => colour.split(",").every((level) => Number(level) < 40))).toBe(true); // yellow takes black text
    expect(picture.colours(100, 0, 200, 62)).toEqual(new Set(["60,60,60"]));
  });

  it("refuses an object that cannot be drawn", async () => {
    const object = { box: [0, 0, 1, 1], label: "cat", class: 0 } as const;
    await expect(drawObjects(small, [object, { ...object, box: [0, NaN, 1, 1] }])).rejects.toThrow(
      new Error("drawObjects(objects[1].box): expected 4 finite numbers, got [0, NaN, 1, 1]. Leave the object out."),
    );
    await expect(drawObjects(small, [{ ...object, class: 1.5 }])).rejects.toThrow(
      new Error("drawObjects(objects[0].class): expected a whole number from 0 on, got 1.5. Give the index of its class."),
    );
    await expect(drawObjects(small, [{ ...object, mask: encodeMask(new Uint8Array(15), [5, 3]) }])).rejects.toThrow(
      new Error("drawObjects(objects[0].mask): expected 3x5, as the picture, got 5x3. Resize the mask first."),
    );
    await expect(drawObjects({ ...small, channels: 1 }, [])).rejects.toThrow(
      new Error("drawObjects(picture): expected height x width x 1 or 3 values, got 45 for 3x5x1. Check size and channels."),
    );
    await expect(drawObjects(small, [], { opacity: 1.2 })).rejects.toThrow(
      new Error("drawObjects(opacity): expected a number from 0 to 1, got 1.2. 0.5 shows both."),
    );
  });
});

describe("drawLabels", () => {
  const labels = Int32Array.of(0, 0, 2, 2, 255, 0, 0, 2, 2, 255, 255, 255, 255, 255, 255);
  const classes = ["sky", "tree", "road"];

  it("at opacity 0 is the picture, at opacity 1 the colours of the classes; 255 is always the picture", async () => {
    const [picture, none, full] = await Promise.all([drawn(drawObjects(small, [])), drawn(drawLabels(small, labels, classes, { opacity: 0 })), drawn(drawLabels(small, labels, classes, { opacity: 1 }))]);
    for (const [x, y] of [[0, 0], [3, 1], [4, 0], [2, 2]]) {
      const place = [x * scale + 40, y * scale + 20] as const;
      const label = labels[y * 5 + x];
      expect(none.at(...place)).toEqual(picture.at(...place));
      expect(full.at(...place)).toEqual(label === 255 ? picture.at(...place) : classColour(label));
    }
    expect((await drawn(drawLabels(small, labels, classes))).at(40, 20)).toEqual(mix([0, 0, 7], classColour(0), 0.5));
  });

  it("names the classes that occur below the picture, in their order: sky and road, not tree", async () => {
    const picture = await drawn(drawLabels(small, labels, classes));
    expect([picture.height, picture.width]).toEqual([3 * scale + 24, 5 * scale]); // 6 px above and 18 px of a line of 12 px
    expect(picture.at(10, 3 * scale + 12)).toEqual(classColour(0));
    const strip = picture.colours(0, 3 * scale, 5 * scale, picture.height);
    expect(strip).toContain(classColour(2).join());
    expect(strip).not.toContain(classColour(1).join());
    expect(strip).toContain("0,0,0");
    const unlabelled = await drawn(drawLabels(small, new Int32Array(15).fill(255), classes));
    expect(unlabelled.height).toBe(3 * scale);
  });

  it("begins further lines where names do not fit beside each other", async () => {
    const names = Array.from({ length: 15 }, (_, i) => `a class with number ${i}`);
    const picture = await drawn(drawLabels(small, Int32Array.from({ length: 15 }, (_, i) => i), names));
    expect(picture.height).toBe(3 * scale + 6 + 18 * 8); // two of them on 385 px
    expect(picture.at(10, picture.height - 12)).toEqual(classColour(14));
  });

  it("refuses a label without a class, another number of labels and an impossible opacity", async () => {
    await expect(drawLabels(small, Int32Array.from({ length: 15 }, (_, i) => Math.floor(i / 2)), classes)).rejects.toThrow(
      new Error("drawLabels(labels): expected classes from 0 to 2, or 255 for none, got 3 in row 1, column 1. Name all classes."),
    );
    await expect(drawLabels(small, new Int32Array(14), classes)).rejects.toThrow(
      new Error("drawLabels(labels): expected 3x5 = 15 labels, got 14. Give one for each pixel of the picture."),
    );
    await expect(drawLabels(small, labels, classes, { opacity: NaN })).rejects.toThrow(
      new Error("drawLabels(opacity): expected a number from 0 to 1, got NaN. 0.5 shows both."),
    );
  });
});

describe("drawDepth", () => {
  const depth = Float32Array.of(1, 2, 5, 0, 3);

  it("colours the nearest depth yellow, the farthest violet, others by their place between, unknown ones grey", async () => {
    const picture = await drawn(drawDepth(depth, [1, 5]));
    expect([0, 1, 2, 3, 4].map((x) => picture.at(x * scale + 30, 30))).toEqual([[253, 231, 37], depthColour(0.25), [68, 1, 84], [128, 128, 128], depthColour(0.5)]);
  });

  it("holds to a given scale and cuts off what lies beyond it", async () => {
    const picture = await drawn(drawDepth(depth, [1, 5], { nearest: 2, farthest: 4 }));
    expect([0, 1, 2, 4].map((x) => picture.at(x * scale + 30, 30))).toEqual([depthColour(0), depthColour(0), depthColour(1), depthColour(0.5)]);
  });

  it("shows the scale below, from near to far, and the grey of unknown depths only where there are any", async () => {
    const [some, all] = await Promise.all([drawn(drawDepth(depth, [1, 5])), drawn(drawDepth(depth.map((metres) => metres + 1), [1, 5]))]);
    expect([some.height, some.width]).toEqual([scale + 12 + 27, 5 * scale]);
    const levels = (picture: Drawn, x: number): number[] => picture.at(x, scale + 12);
    expect(levels(all, 6).map((level, i) => Math.abs(level - depthColour(0)[i]) <= 2)).toEqual([true, true, true]);
    expect(levels(all, 378).map((level, i) => Math.abs(level - depthColour(1)[i]) <= 2)).toEqual([true, true, true]);
    expect(levels(all, 192).map((level, i) => Math.abs(level - depthColour(0.5)[i]) <= 2)).toEqual([true, true, true]);
    expect(levels(some, 375)).toEqual([128, 128, 128]);
  });

  it("draws a map without known depths grey, and one of a single depth in one colour", async () => {
    expect((await drawn(drawDepth(new Float32Array(5), [1, 5]))).at(9, 9)).toEqual([128, 128, 128]);
    expect((await drawn(drawDepth(new Float32Array(5).fill(3), [1, 5]))).colours(0, 0, 385, 77)).toEqual(new Set(["253,231,37"]));
  });

  it("refuses another number of depths and a scale that does not grow", async () => {
    await expect(drawDepth(depth, [2, 3])).rejects.toThrow(
      new Error("drawDepth(depth): expected height x width x 1 or 3 values, got 5 for 2x3x1. Check size and channels."),
    );
    await expect(drawDepth(depth, [1, 5], { nearest: 4, farthest: 4 })).rejects.toThrow(
      new Error("drawDepth(range): expected nearest < farthest, both finite, got 4 and 4. Leave the range out to take that of the map."),
    );
  });
});

describe("drawNormals", () => {
  it("makes x, y and z red, green and blue: -1 is 0, 0 is 128, 0.6 is 204, 1 is 255; zeros are grey", async () => {
    const normals = Float32Array.of(1, 0, 0, 0, -1, 0, 0, 0.6, 0.8, 0, 0, 0, -0.28, 0, -0.96);
    const picture = await drawn(drawNormals(normals, [1, 5]));
    expect([picture.height, picture.width]).toEqual([scale, 5 * scale]);
    const expected = [[255, 128, 128], [128, 0, 128], [128, 204, 230], [128, 128, 128], [92, 128, 5]];
    for (const [x, colour] of expected.entries()) expect(picture.colours(x * scale, 0, (x + 1) * scale, scale)).toEqual(new Set([colour.join()]));
  });

  it("refuses another number of values", async () => {
    await expect(drawNormals(new Float32Array(14), [1, 5])).rejects.toThrow(
      new Error("drawNormals(normals): expected height x width x 1 or 3 values, got 14 for 1x5x3. Check size and channels."),
    );
  });
});

describe("sideBySide", () => {
  const plain = (height: number, width: number, background: string): Promise<Uint8Array> => sharp({ create: { height, width, channels: 3, background } }).png().toBuffer();

  it("sets 20x30, 40x10 and 8x8 pixels in rows of two, in places of 40x30, on white", async () => {
    const pngs = await Promise.all([plain(20, 30, "#ff0000"), plain(40, 10, "#00ff00"), plain(8, 8, "#0000ff")]);
    const sheet = await drawn(sideBySide(pngs, { columns: 2 }));
    expect([sheet.height, sheet.width]).toEqual([6 + 2 * 46, 6 + 2 * 36]); // gaps of 6 px
    expect(sheet.colours(6, 6, 36, 26)).toEqual(new Set(["255,0,0"]));
    expect(sheet.colours(42, 6, 52, 46)).toEqual(new Set(["0,255,0"]));
    expect(sheet.colours(6, 52, 14, 60)).toEqual(new Set(["0,0,255"]));
    expect([sheet.at(5, 5), sheet.at(36, 26), sheet.at(52, 6), sheet.at(14, 60)]).toEqual(Array(4).fill([255, 255, 255]));
  });

  it("writes captions above, in one row unless told", async () => {
    const sheet = await drawn(sideBySide(await Promise.all([plain(50, 90, "#ff0000"), plain(50, 90, "#00ff00")]), { captions: ["truth", "found"] }));
    expect([sheet.height, sheet.width]).toEqual([6 + 18 + 50 + 6, 6 + 2 * 96]);
    expect(sheet.colours(6, 24, 96, 74)).toEqual(new Set(["255,0,0"]));
    for (const left of [6, 102]) expect(sheet.colours(left, 6, left + 40, 24)).toContain("0,0,0");
  });

  it("refuses no picture, too few captions and half a column", async () => {
    await expect(sideBySide([])).rejects.toThrow(new Error("sideBySide(pngs): expected at least one picture, got none. Draw one first."));
    const png = await plain(2, 3, "red");
    await expect(sideBySide([png, png], { captions: ["one"] })).rejects.toThrow(
      new Error("sideBySide(captions): expected one for each of 2 pictures, got 1. Give all, or none."),
    );
    await expect(sideBySide([png], { columns: 0.5 })).rejects.toThrow(
      new Error("sideBySide(columns): expected a whole number from 1 on, got 0.5. Leave it out for one row."),
    );
  });
});

describe("text", () => {
  it("is the same bytes, without a word on standard error, in a process that finds no fonts of the system", async () => {
    const draw = 'const { drawDepth } = await import("@flexivit/data"); process.stdout.write(Buffer.from(await drawDepth(Float32Array.of(1, 2, 0), [1, 3])).toString("hex"));';
    const env = { PATH: process.env.PATH, FONTCONFIG_FILE: "/none/fonts.conf", FONTCONFIG_PATH: "/none", HOME: "/none" };
    const options = { cwd: fileURLToPath(new URL("..", import.meta.url)), env };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--conditions=@flexivit/source", "--input-type=module", "-e", draw], options);
    expect(stderr).toBe("");
    expect(stdout).toBe(Buffer.from(await drawDepth(Float32Array.of(1, 2, 0), [1, 3])).toString("hex"));
  });
});
