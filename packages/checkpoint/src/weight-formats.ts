import { bigVisionNames } from "./names-big-vision.ts";
import { huggingFaceDinov2Names, huggingFaceVitNames } from "./names-hugging-face.ts";
import { timmNames } from "./names-timm.ts";
import type { NameTable, WeightFormat } from "./name-table.ts";

/** The name table of every origin. */
export const nameTables: Readonly<Record<WeightFormat, NameTable>> = {
  big_vision: bigVisionNames,
  timm: timmNames,
  hugging_face_vit: huggingFaceVitNames,
  hugging_face_dinov2: huggingFaceDinov2Names,
};

/** The names of the origins. */
export const weightFormats = Object.keys(nameTables) as readonly WeightFormat[];
