import { maskArea, maskPixels } from "@flexivit/annotations";
import { mapEvaluationBatches, objectBatchAt, pixelSource, type ImageSource } from "@flexivit/data";
import { expect, it } from "vitest";
import { composeScene, type SceneOptions } from "./compose.ts";
import { composedScenes } from "./composed.ts";
import { outlined, spriteAt } from "./sprite.ts";
import { stamp, type Stamp } from "./stamp.ts";

const picture = (rows: readonly string[]): Uint8Array => Uint8Array.from(rows.join(""), (letter) => ({ ".": 0, "o": 5, "#": 200 })[letter]!);
const greys = (pictures: readonly Uint8Array[], side: number): ImageSource =>
  pixelSource({ name: "greys", pixels: Uint8Array.from(pictures.flatMap((one) => [...one])), height: side, width: side, channels: 1, labels: pictures.map((_, i) => i % 3), classes: ["a", "b", "c"] });

/** Seven garments of 8x8: a filled rectangle that leaves a margin, wider and darker from one to the next. */
const garments = greys(
  Array.from({ length: 7 }, (_, kind) => Uint8Array.from({ length: 64 }, (_, at) => (at % 8 > 0 && at % 8 < 4 + (kind % 4) && at >= 8 && at < 56 ? 250 - 30 * kind : 0))),
  8,
);
const listed = ({ places, levels }: Stamp): { places: number[]; levels: number[] } => ({ places: [...places], levels: [...levels] });
const options: SceneOptions = { seed: 3, sizePx: 48, sprites: garments, spriteSidePx: 8, sides: [0.2, 0.9] };
const scenes = composedScenes({ ...options, name: "test", pictures: 40 });

it("a ring is filled; a bay that is open to the right is not, down to its end", () => {
  const inside = outlined(picture(["........", ".###....", ".#o#....", ".#######", ".#..o...", ".#######", "........"]), [7, 8]);
  const wanted = picture(["........", ".###....", ".###....", ".#######", ".#......", ".#######", "........"]).map((level) => (level > 0 ? 1 : 0));
  expect([...inside]).toEqual([...wanted]);
});

it("a sprite at its own size covers its own pixels with its own levels; mirrored, from right to left; turned by 90 degrees, columns as rows", () => {
  const levels = Uint8Array.from({ length: 25 }, (_, at) => (at === 6 || at === 7 || at === 11 ? 100 + at : 0));
  const sprite = spriteAt(greys([levels], 5), 0, 5);
  const at = { centreX: 4.5, centreY: 3.5, sidePx: 5, angle: 0, mirrored: false }; // columns 2 to 6 and rows 1 to 5 of 9
  const place = (row: number, column: number): number => (row + 1) * 9 + column + 2;
  expect(listed(stamp(sprite, at, 9))).toEqual({ places: [place(1, 1), place(1, 2), place(2, 1)], levels: [106, 107, 111] });
  expect(listed(stamp(sprite, { ...at, mirrored: true }, 9))).toEqual({ places: [place(1, 2), place(1, 3), place(2, 3)], levels: [107, 106, 111] });
  const turned = listed(stamp(sprite, { ...at, angle: Math.PI / 2 }, 9)); // clockwise: what was above is on the right
  expect(turned.places).toEqual([place(1, 2), place(1, 3), place(2, 3)]);
  expect(turned.levels.map(Math.round)).toEqual([111, 106, 107]);
});

it("three times as large, a block of 3x2 pixels covers 9x6 but for its corners, of which four ninths are inside", () => {
  const levels = Uint8Array.from({ length: 25 }, (_, at) => (at % 5 > 0 && at % 5 < 3 && at > 4 && at < 20 ? 90 : 0));
  const { places, levels: seen } = listed(stamp(spriteAt(greys([levels], 5), 0, 5), { centreX: 10.5, centreY: 10.5, sidePx: 15, angle: 0, mirrored: false }, 21));
  expect(places).toHaveLength(54 - 4);
  expect([Math.floor(places[0] / 21), places[0] % 21]).toEqual([6, 7]); // the canvas begins at 3, the block a pixel of 3 later, its corner left out
  expect(new Set(seen.map((level) => level.toFixed(6)))).toEqual(new Set(["90.000000"]));
});

it("in 40 scenes every box bounds its mask, no two masks overlap, and the map of classes agrees with them", async () => {
  const seen = new Set<number>();
  for (let index = 0; index < 40; index++) {
    const union = new Int32Array(48 * 48);
    for (const { box, mask, class: label } of scenes.objects.objects(index)) {
      const places = [...maskPixels(mask!)].flatMap((inside, place) => (inside ? [place] : []));
      const [rows, columns] = [places.map((place) => Math.floor(place / 48)), places.map((place) => place % 48)];
      expect(box).toEqual([Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1]);
      for (const place of places) union[place] += 1 + label;
      seen.add(label);
    }
    const { size, values } = await scenes.labels.readMap(index, "labels");
    expect(size).toEqual([48, 48]);
    expect([...values]).toEqual([...union]); // an overlap of two classes would be their sum
    expect([...scenes.objects.targets!(index)]).toEqual([0, 1, 2].map((label) => Number(scenes.objects.objects(index).some((object) => object.class === label))));
  }
  expect([...seen].sort()).toEqual([0, 1, 2]);
  expect(scenes.labels.classes).toEqual(["background", "a", "b", "c"]);
});

it("what lies behind keeps half of its pixels: of more than 300 squares of at least 10 px, none shows fewer than 36 pixels", () => {
  const full = greys([new Uint8Array(25).fill(255)], 5);
  const areas = Array.from({ length: 100 }, (_, index) => composedScenes({ name: "t", pictures: 1000, seed: 1, sizePx: 48, sprites: full, spriteSidePx: 5, sides: [0.21, 0.9], objects: [3, 9] }).objects.objects(index)).flat().map(({ mask }) => maskArea(mask!));
  expect(areas.length).toBeGreaterThan(300);
  // a canvas of 10 px of which the outermost half pixel of the sprite is lost: 9x9, and half of that at least
  expect(Math.min(...areas)).toBeGreaterThan(36);
});

it("a scene depends on seed and index alone: the same bytes again, in any order; others differ", () => {
  const [first, again] = [composeScene(options, 5), composeScene(options, 5)];
  expect(again).toEqual(first);
  expect(composeScene({ ...options, seed: 4 }, 5).pixels).not.toEqual(first.pixels);
  expect(composeScene(options, 6).pixels).not.toEqual(first.pixels);
  const [forwards, backwards] = [[0, 1, 2], [2, 1, 0]].map((order) => new Map(order.map((index) => [index, composedScenes({ ...options, name: "t", pictures: 3 }).objects.objects(index)])));
  expect(backwards).toEqual(forwards.size === 3 ? new Map([...forwards].reverse()) : undefined);
});

it("outside of the objects there is the photograph at two fifths of its brightness, on them cloth of 130 levels or more in a tint of 0.6 or more", () => {
  const photograph = pixelSource({ name: "p", pixels: Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => [11, 120, 202][i % 3]), height: 32, width: 32, channels: 3, labels: [0], classes: ["p"] });
  const { pixels, owners } = composeScene({ ...options, backgrounds: photograph }, 2);
  const first = owners.indexOf(1);
  const tint = [...pixels.subarray(3 * first, 3 * first + 3)];
  expect(new Set(tint).size).toBe(3);
  for (const [place, owner] of owners.entries()) {
    const colour = [...pixels.subarray(3 * place, 3 * place + 3)];
    if (owner === 0) expect(colour).toEqual([4, 48, 80]); // cut to whole levels
    else expect(Math.min(...colour)).toBeGreaterThanOrEqual(78);
    if (owner === 1) for (const [channel, level] of colour.entries()) expect(Math.abs(level / colour[0] - tint[channel] / tint[0])).toBeLessThan(0.02); // whole levels of 78 or more
  }
});

it("scenes go through batches: halved, an object of even bounds has half the box, and picture and map are of one scene", async () => {
  const { images, shape, indices, objects } = await objectBatchAt(scenes.objects, 0, { seed: 1, batchSize: 4, imageSize: 24, framing: { kind: "squash" } });
  expect(shape).toEqual([4, 24, 24, 3]);
  for (const [i, index] of indices.entries()) {
    const full = scenes.objects.objects(index).filter(({ mask }) => maskArea(mask!) > 30);
    for (const { box } of full) expect(objects[i].map((object) => object.box)).toContainEqual(box.map((side) => side / 2));
  }
  for await (const { images: same, labels } of mapEvaluationBatches(scenes.labels, { batchSize: 40, imageSize: 24, framing: { kind: "squash" } })) {
    expect(labels).toHaveLength(40 * 576);
    expect(same.subarray(indices[0] * 1728, (indices[0] + 1) * 1728)).toEqual(images.subarray(0, 1728));
  }
});

it("pictures in files are refused", () => {
  const files: ImageSource = { ...garments, read: () => Promise.resolve() };
  expect(() => composeScene({ ...options, sprites: files }, 0)).toThrow(/^composedScenes\(greys picture \d\): expected a picture in memory, got a file\. Use a packaged set\.$/);
});
