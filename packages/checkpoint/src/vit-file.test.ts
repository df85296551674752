import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { referenceInterpolations } from "@flexivit/resample";
import { expectNoLeak, fixturePath } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { bigVision, timm, huggingFace, openFile, contentOf, disposeModel } from "../test-support/weight-files.ts";
import { describeVit, loadVit, saveVit, writeNpz, writeSafetensors, type LoadedVit } from "./index.ts";

const folder = await mkdtemp(join(tmpdir(), "vit-file-"));

describe("a file read and written again under its own names", () => {
  it.each([...bigVision.map((file) => [file, 2]), ...timm.map((file) => [file, 2]), ...huggingFace.map((file) => [file, 3])] as [string, number][])(
    "%s has the same names, shapes and bits",
    async (file, heads) => {
      const model = await loadVit(file, { heads });
      const { format } = model;
      const copy = join(folder, `copy${format === "big_vision" ? ".npz" : ".safetensors"}`);
      await saveVit(copy, model as LoadedVit & { format: Exclude<LoadedVit["format"], "flexivit"> }, format);
      // Prefixes tell nothing: published files have them or not. The mask token of DINOv2's training is not kept.
      const bare = (name: string) => name.replace(/^(params\/|dinov2\.|dinov2_with_registers\.)/, "");
      const original = await contentOf(file, bare);
      delete original["embeddings.mask_token"];
      expect(await contentOf(copy, bare)).toEqual(original);
      disposeModel(model);
    },
  );

  it("says everything itself: no traits are needed again", async () => {
    const model = await loadVit(timm[3], { heads: 2, interpolation: referenceInterpolations.timmFlexi });
    for (const [format, ending] of [["timm", "safetensors"], ["flexivit", "safetensors"]] as const) {
      const copy = join(folder, `noted.${ending}`);
      await saveVit(copy, model, format, { note: 7 });
      const { config, metadata, ...again } = await loadVit(copy);
      expect([config, metadata["note"]]).toEqual([model.config, 7]);
      disposeModel({ ...again, config, metadata });
    }
    disposeModel(model);
  });

  it("keeps its interpolation in .npz too, where numpy does not see it", async () => {
    const model = await loadVit(timm[2], { heads: 2 });
    const copy = join(folder, "noted.npz");
    await saveVit(copy, model, "big_vision");
    const again = await loadVit(copy);
    expect(again.config.kernelResize.interpolation).toEqual(referenceInterpolations.timm.patchKernel);
    expect(again.config.activation).toBe("erf");
    // What big_vision itself takes for granted, without the note:
    await writeNpz(copy, (await openFile(copy)).entries);
    const plain = await loadVit(copy);
    expect([plain.config.activation, plain.config.positionInterpolation]).toEqual(["tanh", referenceInterpolations.bigVision.positions]);
    for (const each of [model, again, plain]) disposeModel(each);
  });
});

describe("what shapes can't tell comes from the origin of the file, or from traits", () => {
  it.each([
    [bigVision[1], { activation: "tanh", layerNormEpsilon: 1e-6, pooling: "gap", heads: 2 }, referenceInterpolations.bigVision],
    [timm[2], { activation: "erf", layerNormEpsilon: 1e-6, pooling: "tok", heads: 2 }, referenceInterpolations.timm],
    [huggingFace[0], { activation: "erf", layerNormEpsilon: 1e-12, pooling: "tok", heads: 2 }, referenceInterpolations.huggingFace],
    [huggingFace[1], { activation: "erf", layerNormEpsilon: 1e-6, pooling: "tok", heads: 2 }, referenceInterpolations.huggingFace],
  ])("%s", async (file, expected, { patchKernel, positions }) => {
    const model = await loadVit(file, { heads: 2 });
    expect(model.config).toMatchObject({ ...expected, kernelResize: { method: "pi", interpolation: patchKernel }, positionInterpolation: positions });
    disposeModel(model);
    const other = await loadVit(file, { heads: 2, activation: "tanh", layerNormEpsilon: 1e-3, pooling: "gap", interpolation: referenceInterpolations.bigVisionAtLoad });
    expect(other.config).toMatchObject({ activation: "tanh", layerNormEpsilon: 1e-3, pooling: "gap", positionInterpolation: { alignment: "corner" } });
    disposeModel(other);
  });

  it("a grid that is no square is told by positionGrid", async () => {
    const file = fixturePath("checkpoint/own-gap.safetensors");
    const bare = join(folder, "bare.safetensors");
    await writeSafetensors(bare, (await openFile(file)).entries);
    const model = await loadVit(bare, { heads: 3, positionGrid: [3, 5] });
    expect(model.config.positionGrid).toEqual([3, 5]);
    disposeModel(model);
    await expect(loadVit(bare, { heads: 3 })).rejects.toThrow(
      new Error(
        `loadVit(file): expected the positions of a square grid, got 15 in ${bare}. Pass positionGrid (--position-grid of flexivit forward and convert), height before width.`,
      ),
    );
  });
});

it.each([...bigVision.slice(2), timm[0], huggingFace[2], fixturePath("checkpoint/own-map.safetensors")])("describeVit says of %s what loadVit does, and makes no tensor", async (file) => {
  const traits = { heads: file.includes("fixtures/checkpoint/") ? 3 : 2 };
  const before = tf.memory().numTensors;
  const description = await describeVit(file, traits);
  expect(tf.memory().numTensors).toBe(before);
  const { params, head, ...rest } = await loadVit(file, traits);
  expect(rest).toEqual(description);
  expect(description.classes).toBe(head?.bias.shape[0]);
  tf.dispose([params, head ?? []] as tf.TensorContainer);
});

it("loadVit and saveVit leave no tensor behind but the weights, also where they refuse", async () => {
  await expectNoLeak(async () => {
    const model = await loadVit(timm[2], { heads: 2 });
    await saveVit(join(folder, "leak.npz"), model, "big_vision");
    await saveVit(join(folder, "leak.safetensors"), model, "hugging_face_vit");
    await expect(saveVit(join(folder, "leak.safetensors"), { ...model, config: { ...model.config, mlp: "swiglu" } }, "big_vision")).rejects.toThrow("saveVit(format)");
    return [model.params, model.head!] as tf.TensorContainer;
  });
});
