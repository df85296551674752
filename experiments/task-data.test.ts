import { fashionMnist } from "@flexivit/data";
import type { TaskSources } from "flexivit";
import { expect, it } from "vitest";
import { ofClasses } from "./chosen-pictures.ts";
import { composeScene } from "./scenes/compose.ts";
import { rayCastScenes } from "./scenes/ray-cast-scenes.ts";
import { openTaskData } from "./task-data.ts";

const garments = ["T-shirt/top", "Trouser", "Sneaker", "Bag"];

it("scenes to train on show garments of the training set alone, scenes to test on those of the test set; no picture is in both", async () => {
  const { train, test } = await fashionMnist();
  const sets = await openTaskData("segment", "composed-scenes-plain");
  expect([sets.training.size, sets.test.size]).toEqual([20_000, 1000]);
  for (const [half, source, seed] of [["training", train, 0], ["test", test, 1]] as const) {
    const out = new Uint8Array(192 * 192 * 3);
    const whole = { top: 0, left: 0, height: 192, width: 192 };
    await sets[half].read(5, { choose: () => ({ region: whole, resized: [192, 192], window: whole, flip: false, resampling: "pil-bilinear" }), stream: () => expect.fail("no draws"), out });
    expect(out).toEqual(composeScene({ seed, sizePx: 192, sprites: ofClasses(source, garments) }, 5).pixels);
  }
  const bytes = (source: typeof train, index: number): string => {
    const out = new Uint8Array(784);
    const whole = { top: 0, left: 0, height: 28, width: 28 };
    void source.read(index, { choose: () => ({ region: whole, resized: [28, 28], window: whole, flip: false, resampling: "pil-bilinear" }), stream: () => expect.fail("no draws"), out });
    return Buffer.from(out).toString("latin1");
  };
  const tested = new Set(Array.from({ length: test.size }, (_, index) => bytes(test, index)));
  expect(Array.from({ length: train.size }, (_, index) => index).filter((index) => tested.has(bytes(train, index)))).toEqual([]);
});

it("COCO's small, medium and large objects all occur in 200 test scenes, each more than 25 times", async () => {
  const { test } = await openTaskData("detect", "composed-scenes-plain");
  const areas = Array.from({ length: 200 }, (_, index) => test.objects(index)).flat().map(({ mask }) => mask!.counts.reduce((sum, run, i) => sum + (i % 2) * run, 0));
  const counts = [areas.filter((area) => area < 32 ** 2), areas.filter((area) => area >= 32 ** 2 && area < 96 ** 2), areas.filter((area) => area >= 96 ** 2)].map(({ length }) => length);
  expect(Math.min(...counts)).toBeGreaterThan(25);
});

it("an unknown set, a folder that is not needed and one that is missing are refused", async () => {
  const expected = "experiment(data): expected one of composed-scenes, composed-scenes-plain, coco:FOLDER to detect, got";
  await expect(openTaskData("detect", "cocoa")).rejects.toThrow(new Error(`${expected} "cocoa". Choose one with --data.`));
  await expect(openTaskData("detect", "coco")).rejects.toThrow(new Error(`${expected} "coco". Choose one with --data.`));
  await expect(openTaskData("detect", "composed-scenes:here")).rejects.toThrow(new Error(`${expected} "composed-scenes:here". Choose one with --data.`));
  await expect(openTaskData("detect", "coco:/no/such")).rejects.toThrow(
    /instances_train2017.json/,
  );
});

it("rooms to train on show pictures of the training set alone, rooms to test on those of the test set", async () => {
  const { train, test } = await fashionMnist();
  const sets = await openTaskData("depth", "ray-cast-scenes-plain");
  expect([sets.training.size, sets.test.size]).toEqual([2000, 400]);
  const size = [96, 96] as const;
  const whole = { top: 0, left: 0, height: 96, width: 96 };
  const bytes = async (source: TaskSources["depth"], index: number): Promise<Uint8Array> => {
    const out = new Uint8Array(96 * 96 * 3);
    await source.read(index, { choose: () => ({ region: whole, resized: size, window: whole, flip: false, resampling: "pil-bilinear" }), stream: () => expect.fail("no draws"), out });
    return out;
  };
  for (const [half, pictures, other, seed] of [["training", train, test, 0], ["test", test, train, 1]] as const) {
    const shown = await bytes(sets[half], 5);
    expect(shown).toEqual(await bytes(rayCastScenes({ seed, scenes: 6, pictures, size }), 5));
    expect(shown).not.toEqual(await bytes(rayCastScenes({ seed, scenes: 6, pictures: other, size }), 5));
  }
});
