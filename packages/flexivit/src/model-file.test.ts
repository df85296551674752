import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { saveParams } from "@flexivit/checkpoint";
import { normalisations, pixelSource, type ImageSource } from "@flexivit/data";
import { leaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectNoLeak, fixturePath } from "@flexivit/testing";
import { vitConfig } from "@flexivit/vit";
import { describe, expect, it } from "vitest";
import { evaluateAt, classifierLogits, initClassifierWeights, loadModel, saveModel, type ClassifierModel } from "./index.ts";

const newModel = (): ClassifierModel => {
  const vit = vitConfig({ dim: 6, depth: 1, hiddenDim: 10, heads: 2 }, { channels: 1, patchSize: [4, 4], positionGrid: [3, 3] });
  const info = { vit, classes: ["a", "b", "c"], imageSizePx: 12, framing: { kind: "centre-crop" } as const, patchSizes: ["4", "6"] };
  const params = initClassifierWeights(vit, 3, -2, 1);
  return { params: { ...params, head: { ...params.head, kernel: tf.randomNormal<tf.Rank.R2>([6, 3], 0, 1, "float32", 2) } }, info };
};

/** Five pictures that get brighter, all of class 1. */
const source: ImageSource = {
  size: 5,
  channels: 1,
  classes: ["a", "b", "c"],
  labels: Int32Array.of(1, 1, 1, 1, 1),
  name: String,
  read: (index, { out }) => void out.forEach((_, i) => (out[i] = 50 * index + (i % 40))),
};

describe("a model file", () => {
  it("gives back the same bits and configuration, and the same logits at any patch size", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "model-")), "model.safetensors");
    const model = newModel();
    await saveModel(file, model);
    const loaded = await loadModel(file);
    expect(loaded.info).toEqual(model.info);
    expect(leaves(loaded.params).map(({ path }) => path).sort()).toEqual(leaves(model.params).map(({ path }) => path).sort());
    const images = tf.randomUniform<tf.Rank.R4>([2, 12, 12, 1], -1, 1, "float32", 3);
    for (const size of [2, 3, 4, 6]) {
      const [before, after] = [model, loaded].map(({ params, info }) => classifierLogits(params, info.vit, images, { scheme: patchScheme(size) }));
      expect([...after.dataSync()]).toEqual([...before.dataSync()]);
      tf.dispose([before, after]);
    }
    tf.dispose([images, model.params, loaded.params]);
  });

  it("of big_vision scales pixels as it is told, and keeps that when it is written here", async () => {
    const model = await loadModel(fixturePath("big-vision-flexi/gap-p8/params.npz"), { normalisation: "imagenet" });
    const kept = join(await mkdtemp(join(tmpdir(), "model-")), "kept.safetensors");
    await saveModel(kept, model);
    const { info, params } = await loadModel(kept);
    expect(info).toEqual(model.info);
    expect(info.normalisation).toEqual(normalisations.imagenet);
    const side = info.imageSizePx;
    const levels = Uint8Array.from({ length: 5 * side * side * 3 }, (_, i) => (i * 7919 + (i >> 9) * 104729) % 256);
    const pixels = Float32Array.from(levels, (level, i) => (level / 255 - [0.485, 0.456, 0.406][i % 3]) / [0.229, 0.224, 0.225][i % 3]);
    const scheme = patchScheme(8);
    const labels = tf.tidy(() => Int32Array.from(tf.argMax(classifierLogits(params, info.vit, tf.tensor4d(pixels, [5, side, side, 3]), { scheme }), 1).dataSync()));
    const pictures = pixelSource({ name: "noise", pixels: levels, height: side, width: side, channels: 3, labels, classes: info.classes });
    const framed = { params, info: { ...info, framing: { kind: "centre-crop" } as const } };
    expect((await evaluateAt(framed, pictures, scheme)).figures).toEqual({ accuracy: 1 });
    tf.dispose([params, model.params]);
  });

  it("of another kind is refused, and leaves no tensor", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "model-")), "other.safetensors");
    const weights = { a: tf.scalar(1) };
    await saveParams(file, weights, { format: "something else" });
    weights.a.dispose();
    await expectNoLeak(async () => {
      await expect(loadModel(file)).rejects.toThrow(
        new Error(
          `loadVit(file): expected names of big_vision, timm, hugging_face_vit, hugging_face_dinov2 or flexivit, got a in ${file}. Convert the file to one of these.`,
        ),
      );
    });
  });
});

describe("evaluateAt", () => {
  it("counts the pictures whose own class has the largest logit, in batches of any size", async () => {
    const model = newModel();
    const pixels = Float32Array.from({ length: 5 * 144 }, (_, i) => (50 * Math.floor(i / 144) + ((i % 144) % 40)) / 127.5 - 1);
    const scheme = patchScheme([4, 3]);
    const predicted = tf.tidy(() => [...tf.argMax(classifierLogits(model.params, model.info.vit, tf.tensor4d(pixels, [5, 12, 12, 1]), { scheme }), 1).dataSync()]);
    for (const batchSize of [2, 5, 250]) {
      const { figures, tokens, pictures, patchSize } = await evaluateAt(model, { ...source, labels: Int32Array.from([...predicted.slice(0, 3), ...predicted.slice(3).map((c) => (c + 1) % 3)]) }, scheme, { batchSize });
      expect({ figures, tokens, pictures, patchSize }).toEqual({ figures: { accuracy: 3 / 5 }, tokens: 12, pictures: 5, patchSize: "4x3" });
    }
    tf.dispose(model.params);
  });

  it("refuses other classes, channels and sizes, and stops where its signal is aborted", async () => {
    const model = newModel();
    const at = (changes: Partial<ImageSource>, size = 4) => evaluateAt(model, { ...source, ...changes }, patchScheme(size));
    await expect(at({ classes: ["a", "c", "b"] })).rejects.toThrow(
      new Error("evaluateAt(source): expected the model's 3 classes (a, b, c), got 3 (a, c, b). Evaluate on data with the same classes."),
    );
    await expect(at({ channels: 3 })).rejects.toThrow(
      new Error("evaluateAt(source): expected pictures with 1 channels, as the model takes them, got 3. Open the data with that many."),
    );
    await expect(at({ size: 0 })).rejects.toThrow(new Error("evaluateAt(source): expected at least 1 picture, got 0. Add test pictures."));
    await expect(at({}, 5)).rejects.toThrow(/^gridOf\(imageSize\): expected patches of 5x5 to cover the image 12x12/);
    const signal = AbortSignal.abort();
    await expect(evaluateAt(model, source, patchScheme(4), { signal })).rejects.toBe(signal.reason);
    await expectNoLeak(async () => void (await evaluateAt(model, source, patchScheme(3))));
    tf.dispose(model.params);
  });
});
