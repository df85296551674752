import type { MapKind, Maps, MapSource, Seen, Size } from "@flexivit/data";
import type { DenseConfig } from "@flexivit/depth";
import { random } from "@flexivit/random";
import { resizeImages } from "@flexivit/resample";
import { expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { besideTruth } from "./beside-truth.ts";
import { confusionMeterInPictures } from "./confusion-meter.ts";
import { depthMeterInPictures } from "./depth-meter.ts";
import { mapOfPicture } from "./map-of-picture.ts";

const squash = (size: Size, [height, width]: Size): Seen => ({
  size,
  view: { region: { top: 0, left: 0, height: size[0], width: size[1] }, resized: [height, width], window: { top: 0, left: 0, height, width }, flip: false, resampling: "pil-bilinear" },
});

/** Maps as a source; nothing reads its pictures. */
function mapsOnly<Kind extends MapKind>(maps: readonly ({ size: Size } & Pick<Maps, Kind>)[]): MapSource<Kind> {
  return { size: maps.length, channels: 3, name: (index) => `${index}.png`, read: () => {}, kinds: [], classes: [], readMap: async (index, kind) => ({ size: maps[index].size, values: (maps[index] as { size: Size } & Maps)[kind] }) };
}

describe("maps of 5x7 against pictures of 11x17, 4x9 and 5x7", async () => {
  const arrays = await readFixture("flexivit/in-pictures.npz");
  const expected = await readFixture<Record<"segment" | "depth", Record<string, number>>>("flexivit/in-pictures.json");
  const names = ["grown", "mixed", "same"];
  const truths = names.map((name) => {
    const [labels, depth, normals] = ["labels", "trueDepth", "trueNormals"].map((kind) => arrays[`${name}/${kind}`]);
    const [height, width] = labels.shape;
    return { size: [height, width] as const, labels: Int32Array.from(labels.data), depth: Float32Array.from(depth.data), normals: Float32Array.from(normals.data) };
  });
  const source = mapsOnly<MapKind>(truths);
  const seen = truths.map(({ size }) => squash(size, [5, 7]));
  const batch = { images: new Float32Array(0), shape: [3, 5, 7, 3] as [number, number, number, number], indices: Uint32Array.from([0, 1, 2]), seen };
  const stacked = (kind: string) => tf.tidy(() => tf.stack(names.map((name) => fixtureTensor(arrays[`${name}/${kind}`]))) as tf.Tensor4D);

  it("equal PyTorch's interpolate within 1e-6 of the largest depth and 1e-5 of a unit vector, and the best class of each pixel exactly", async () => {
    const [logits, depth, normals] = ["logits", "depth", "normals"].map(stacked);
    for (const [place, name] of names.entries()) {
      const of = { source, index: place, seen: seen[place] };
      expect([...(await besideTruth(logits, place, "labels", of)).said]).toEqual([...arrays[`${name}/said`].data]);
      for (const [kind, maps] of [["depth", depth], ["normals", normals]] as const) {
        const { said, truth } = await besideTruth(maps, place, kind, of);
        expectClose(said, Array.from(arrays[`${name}/${kind}/resized`].data), { relative: kind === "depth" ? 1e-6 : 1e-5 }); // short vectors are enlarged with their noise
        expect([...truth]).toEqual([...truths[place][kind]]);
      }
    }
    tf.dispose([logits, depth, normals]);
  });

  it("have numpy's mean IoU and accuracies within 1e-12", async () => {
    const logits = stacked("logits");
    const meter = confusionMeterInPictures(source as MapSource<"labels">, 4);
    await meter.add(logits, batch);
    for (const [name, value] of Object.entries(meter.figures())) expectClose(value, expected.segment[name], { relative: 1e-12 });
    logits.dispose();
  });

  it("have numpy's errors of depths and normals within 1e-5, the median angle within 0.0006 degrees, shares exactly", async () => {
    const maps = { depth: tf.tidy(() => tf.squeeze<tf.Tensor3D>(stacked("depth"), [3])), normals: stacked("normals") };
    const meter = depthMeterInPictures(source as MapSource<"depth" | "normals">, { depth: {}, normals: true } as DenseConfig);
    await meter.add(maps, batch);
    const figures = meter.figures();
    expect(Object.keys(figures)).toHaveLength(12);
    for (const [name, value] of Object.entries(figures)) {
      const tolerance = name === "normalMedian" ? { absolute: 0.0006 } : { relative: /delta|Within/.test(name) ? 1e-12 : 1e-5 }; // float32 maps; the median is counted
      expectClose(value, expected.depth[name], tolerance);
    }
    tf.dispose(maps);
  });

  it("leave no tensor behind, and name a map of another size than its picture", async () => {
    const logits = stacked("logits");
    const other = mapsOnly<"labels">([{ size: [11, 16], labels: new Int32Array(176) }]);
    await expectNoLeak(async () => void (await besideTruth(logits, 1, "labels", { source: source as MapSource<"labels">, index: 1, seen: seen[1] })));
    await expectNoLeak(async () => {
      await expect(besideTruth(logits, 0, "labels", { source: other, index: 0, seen: seen[0] })).rejects.toThrow(
        new Error("readMap(labels of 0.png): expected 11x17 pixels, as the picture has, got 11x16. Resize one of the files."),
      );
    });
    logits.dispose();
  });
});

describe("besideTruth", () => {
  const depthsOf = async (maps: tf.Tensor3D, seen: Seen, truth: Float32Array) => {
    const found = await besideTruth(maps, 0, "depth", { source: mapsOnly<"depth">([{ size: seen.size, depth: truth }]), index: 0, seen });
    maps.dispose();
    return found;
  };

  it("of a picture of 270x131 px, more than one tile either way, is what resizing it at once gives", async () => {
    const draw = random(3, "maps");
    const maps = tf.tensor4d(Float32Array.from({ length: 6 * 5 }, () => draw.uniform()), [1, 6, 5, 1]);
    const whole = tf.tidy(() => resizeImages(maps, [270, 131], { kernel: "bilinear", antialias: false, alignment: "half-pixel" }).dataSync());
    const { said } = await depthsOf(tf.tidy(() => tf.squeeze<tf.Tensor3D>(maps, [3])), squash([270, 131], [6, 5]), new Float32Array(270 * 131));
    maps.dispose();
    expectClose(said, whole, { relative: 1e-6 });
  });

  it("of a part compares the 8 of 12 columns that the view shows: values at the centres of the window, held at its edges", async () => {
    const seen: Seen = { size: [4, 12], view: { ...squash([4, 12], [2, 6]).view, window: { top: 0, left: 1, height: 2, width: 4 } } };
    const truth = Float32Array.from({ length: 48 }, (_, i) => i);
    const found = await depthsOf(tf.tensor3d([0, 1, 2, 3, 0, 1, 2, 3], [1, 2, 4]), seen, truth);
    const row = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]; // a pixel of the window is two of the picture
    expect([...found.said]).toEqual([...row, ...row, ...row, ...row]);
    expect([...found.truth]).toEqual([...truth].filter((_, i) => i % 12 >= 2 && i % 12 < 10));
    const maps = tf.tensor3d([0, 1, 2, 3, 0, 1, 2, 3], [1, 2, 4]);
    const { size, values } = await mapOfPicture(maps, 0, "depth", seen);
    const whole = [0, 0, ...row, 0, 0];
    expect([size, [...values]]).toEqual([[4, 12], [...whole, ...whole, ...whole, ...whole]]);
    maps.dispose();
  });

  it("of a window that shows the centre of no pixel compares none, and the picture's map is zeros", async () => {
    const seen: Seen = { size: [4, 3], view: { ...squash([4, 3], [40, 30]).view, window: { top: 0, left: 0, height: 2, width: 30 } } }; // centres lie in rows 5, 15, 25, 35
    const found = await depthsOf(tf.ones<tf.Rank.R3>([1, 2, 30]), seen, new Float32Array(12).fill(1));
    expect([found.said.length, found.truth.length]).toEqual([0, 0]);
    const normals = tf.ones<tf.Rank.R4>([1, 2, 30, 3]);
    expect((await mapOfPicture(normals, 0, "normals", seen)).values).toEqual(new Float32Array(36));
    normals.dispose();
  });

  it("of a picture of 2x3 px in the middle of a window of 4x7 mixes nothing of what is around it", async () => {
    const seen: Seen = { size: [2, 3], view: { ...squash([2, 3], [2, 3]).view, window: { top: -1, left: -2, height: 4, width: 7 } } };
    const found = await depthsOf(tf.tensor3d(Array.from({ length: 28 }, (_, i) => i), [1, 4, 7]), seen, new Float32Array(6).fill(1));
    expect([...found.said]).toEqual([9, 10, 11, 16, 17, 18]);
    // A picture of 2x6 px in the same place, of which a pixel of the window is two: at its edges those of the picture are held.
    const wider: Seen = { size: [2, 6], view: { ...seen.view, region: { top: 0, left: 0, height: 2, width: 6 } } };
    const held = await depthsOf(tf.tensor3d(Array.from({ length: 28 }, (_, i) => i % 7), [1, 4, 7]), wider, new Float32Array(12).fill(1));
    const row = [2, 2.25, 2.75, 3.25, 3.75, 4];
    expect([...held.said]).toEqual([...row, ...row]);
  });
});
