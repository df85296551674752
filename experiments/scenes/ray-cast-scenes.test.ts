import { mapBatchAt, mapEvaluationBatches, pixelSource, type ImageSource, type MapSource } from "@flexivit/data";
import { random } from "@flexivit/random";
import { expect, it } from "vitest";
import { castRays } from "./ray-cast.ts";
import { drawRoom } from "./ray-cast-room.ts";
import { rayCastScenes } from "./ray-cast-scenes.ts";

/** Seven pictures of one level each. */
const flat: ImageSource = pixelSource({ name: "flat", pixels: Uint8Array.from({ length: 7 * 28 * 28 }, (_, i) => 30 * Math.floor(i / 784)), height: 28, width: 28, channels: 1, labels: [0, 0, 0, 0, 0, 0, 0], classes: ["flat"] });
const scenes = (seed = 3, pictures = flat): MapSource<"depth" | "normals"> => rayCastScenes({ seed, scenes: 5, pictures, size: [18, 24] });
const options = { batchSize: 5, imageSize: [18, 24], framing: { kind: "squash" } } as const;

const all = async (source: MapSource<"depth" | "normals">) => (await Array.fromAsync(mapEvaluationBatches(source, options)))[0];

it("scene 4 of seed 3 has the same pixels, depths and normals in whatever order it is read, and other ones with seed 2", async () => {
  const batch = await all(scenes());
  const other = scenes();
  const [height, width] = [18, 24];
  const pixels = height * width;
  const { values: normals } = await other.readMap(4, "normals");
  expect(batch.normals.subarray(4 * 3 * pixels)).toEqual(normals);
  expect(batch.depth.subarray(4 * pixels)).toEqual((await other.readMap(4, "depth")).values);
  expect(await all(other)).toEqual(batch);
  expect((await all(scenes(2))).depth).not.toEqual(batch.depth);
});

it("the maps are those that the rays give, in the size of the picture", async () => {
  const casting = castRays(drawRoom(random(3, "ray-cast room", 2), 7), () => new Float32Array(3 * 32 * 32), [18, 24]);
  expect(await scenes().readMap(2, "depth")).toEqual({ size: [18, 24], values: casting.depth });
  expect(await scenes().readMap(2, "normals")).toEqual({ size: [18, 24], values: casting.normals });
});

it("other pictures change what is seen, and nothing of the depths and normals", async () => {
  const dark: ImageSource = { ...flat, read: (_, { out }) => void out.fill(0) };
  const [batch, other] = [await all(scenes()), await all(scenes(3, dark))];
  expect(other.depth).toEqual(batch.depth);
  expect(other.normals).toEqual(batch.normals);
  expect(other.images.reduce((sum, level) => sum + level)).toBeLessThan(batch.images.reduce((sum, level) => sum + level));
});

it("surfaces show pictures of the set, grey ones in colour, and no others", async () => {
  const shown = new Set<number>();
  const watched: ImageSource = { ...flat, read: (index, request) => (shown.add(index), flat.read(index, request)) };
  const { images } = await all(scenes(3, watched));
  expect([...shown].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const grey = Array.from({ length: images.length / 3 }, (_, i) => images[3 * i] === images[3 * i + 1]).filter(Boolean).length;
  expect(grey / (images.length / 3)).toBeLessThan(0.05);
});

it("a training batch of mirrored scenes keeps pictures and maps together", async () => {
  const source = scenes();
  const { depth, indices, images } = await mapBatchAt(source, 0, { ...options, seed: 1, framing: { kind: "pad-crop" } });
  const straight = await all(source);
  const pixels = 18 * 24;
  const isMirrored = (values: Float32Array, whole: Float32Array, i: number, channels: number): boolean => {
    const own = values.subarray(i * pixels * channels, (i + 1) * pixels * channels);
    return !own.every((value, k) => value === whole[indices[i] * pixels * channels + k]);
  };
  const flips = Array.from(indices, (_, i) => [isMirrored(depth, straight.depth, i, 1), isMirrored(images, straight.images, i, 3)]);
  expect(flips.every(([map, picture]) => map === picture)).toBe(true);
  expect(new Set(flips.map(([map]) => map)).size).toBe(2);
});
