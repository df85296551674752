import type { ReferenceInterpolation } from "@flexivit/resample";
import type { Positions, VitConfig } from "@flexivit/vit";
import type { Layout } from "./layout.ts";

/** Origins of weight files: whose names and layouts they have. */
export type WeightFormat = "big_vision" | "timm" | "hugging_face_vit" | "hugging_face_dinov2";

/**
 * One entry of a file and the leaves of ours that it holds. "{}" stands for the index of a block on both sides; "head"
 * is the classifier's, every other path the backbone's.
 */
export type NameRow = {
  readonly theirs: string;
  readonly ours: readonly string[];
  readonly layout: Layout;
  /** Where several rows are about the same leaf: those models that this one is for. */
  readonly when?: (config: VitConfig) => boolean;
};

/** All that is known about the files of one origin. Data, used for reading and for writing. */
export type NameTable = {
  /** What stands before the index of a block. */
  readonly beforeIndex: string;
  /** Where several rows could hold a leaf, the first one does. */
  readonly rows: readonly NameRow[];
  /** What may stand before the names, the head's too or only the backbone's, and what is written there. */
  readonly prefixes: readonly string[];
  readonly prefixOfHead: boolean;
  readonly writtenPrefix: (hasHead: boolean) => string;
  /** Names that earlier versions wrote, as patterns, and what they are called now. */
  readonly renamed: readonly (readonly [old: RegExp, now: string])[];
  /** Names of entries that the forward pass does not need. */
  readonly unused: readonly RegExp[];
  /** What holds for models of this origin unless a file says otherwise. */
  readonly interpolation: ReferenceInterpolation;
  /** The same for models with registers, where it differs. */
  readonly interpolationWithRegisters?: ReferenceInterpolation;
  readonly activation: VitConfig["activation"];
  readonly layerNormEpsilon: number;
  /** What a model without learned positions has. */
  readonly withoutPositions: Positions;
  /**
   * Which tokens of no patch may have a position: the class token (big_vision, at first), it always (Hugging Face), or it
   * and all registers or none (timm).
   */
  readonly prefixPositions: "class-or-none" | "class" | "all-or-none";
};

/** Positions of registers: no leaf of ours, since they are added to the registers on reading. */
export const registerPositions = "registerPositions";

/** Rows of an affine map and of a norm, whose two leaves have the same names everywhere within an origin. */
export const flaxDense = (theirs: string, ours: string): NameRow[] => [
  { theirs: `${theirs}/kernel`, ours: [`${ours}/kernel`], layout: "same" },
  { theirs: `${theirs}/bias`, ours: [`${ours}/bias`], layout: "same" },
];
export const flaxNorm = (theirs: string, ours: string): NameRow[] => [
  { theirs: `${theirs}/scale`, ours: [`${ours}/scale`], layout: "same" },
  { theirs: `${theirs}/bias`, ours: [`${ours}/bias`], layout: "same" },
];
/** Several maps of ours may be one of theirs. */
export const torchLinear = (theirs: string, ...ours: string[]): NameRow[] => [
  { theirs: `${theirs}.weight`, ours: ours.map((path) => `${path}/kernel`), layout: "linear" },
  { theirs: `${theirs}.bias`, ours: ours.map((path) => `${path}/bias`), layout: "linear" },
];
export const torchNorm = (theirs: string, ours: string, when?: NameRow["when"]): NameRow[] => [
  { theirs: `${theirs}.weight`, ours: [`${ours}/scale`], layout: "same", when },
  { theirs: `${theirs}.bias`, ours: [`${ours}/bias`], layout: "same", when },
];
export const torchPatches = (theirs: string): NameRow[] => [
  { theirs: `${theirs}.weight`, ours: ["patchEmbedding/kernel"], layout: "image" },
  { theirs: `${theirs}.bias`, ours: ["patchEmbedding/bias"], layout: "same" },
];
/** Positions, with those of the tokens of no patch in front where there are any. */
export const positionRows = (theirs: string): NameRow[] => [
  { theirs, ours: ["classTokenPosition", registerPositions, "positions/grid"], layout: "sequence" },
  { theirs, ours: [registerPositions, "positions/grid"], layout: "sequence" },
  { theirs, ours: ["classTokenPosition", "positions/grid"], layout: "sequence" },
  { theirs, ours: ["positions/grid"], layout: "sequence" },
];
