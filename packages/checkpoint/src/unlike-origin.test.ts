import { imageLikeCovariance } from "@flexivit/pi-resize";
import { referenceInterpolations } from "@flexivit/resample";
import { vitConfig, type VitConfig } from "@flexivit/vit";
import { expect, it } from "vitest";
import { unlikeOrigin } from "./index.ts";

const size = { dim: 12, depth: 2, hiddenDim: 20, heads: 3 };
const flexible = vitConfig(size);
const interpolated = ({ patchKernel, positions }: (typeof referenceInterpolations)["timm"]): Partial<VitConfig> => ({
  kernelResize: { method: "pi", interpolation: patchKernel },
  positionInterpolation: positions,
});

it("a model of ours is one of big_vision's, but for nothing", () => {
  expect(unlikeOrigin(flexible, "big_vision")).toEqual([]);
});

it("for timm, whose arguments say the rest, only interpolations differ", () => {
  expect(unlikeOrigin(flexible, "timm")).toEqual([
    "interpolation of the kernel: bilinear here, bicubic with antialias there",
    "interpolation of the positions: bilinear with antialias here, bicubic with antialias there",
  ]);
  expect(unlikeOrigin({ ...flexible, ...interpolated(referenceInterpolations.timm), kernelResize: { method: "area", interpolation: referenceInterpolations.timm.patchKernel } }, "timm")).toEqual([
    "method of the kernel's resize: area here, pi there",
  ]);
  const { kernelResize } = flexible;
  expect(unlikeOrigin({ ...flexible, kernelResize: { ...kernelResize, covariance: imageLikeCovariance([32, 32]) } }, "big_vision")).toEqual([
    "method of the kernel's resize: pi weighted by a covariance here, pi there",
  ]);
});

it("Hugging Face's ViT has another epsilon and form of GELU, its DINOv2 another interpolation with registers than without", () => {
  const config = vitConfig(size, { ...interpolated(referenceInterpolations.huggingFace), pooling: "tok" });
  expect(unlikeOrigin(config, "hugging_face_vit")).toEqual(["GELU: tanh here, erf there", "epsilon of the norms: 0.000001 here, 1e-12 there"]);
  const gated = { ...config, mlp: "swiglu" } as const;
  expect(unlikeOrigin(gated, "hugging_face_dinov2")).toEqual([]);
  expect(unlikeOrigin({ ...gated, registers: 2 }, "hugging_face_dinov2")).toEqual(["interpolation of the positions: bicubic here, bicubic with antialias there"]);
});
