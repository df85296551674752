export type { DType, Entry, EntryData, FileSource, FileTarget, LazyEntry, WeightFile } from "./entry.ts";
export type { Metadata } from "./metadata.ts";
export { readNpz, writeNpz } from "./npz.ts";
export { loadParams, readMetadata, saveParams } from "./params-file.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export { fromTensor, toTensor } from "./tensors.ts";
