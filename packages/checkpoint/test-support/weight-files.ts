import { fixturePath } from "@flexivit/testing";
import { readNpz, readSafetensors, type Entry, type LoadedVit, type WeightFile } from "@flexivit/checkpoint";
import * as tf from "@tensorflow/tfjs-core";

/** Weight files of the fixtures, by origin. */
export const bigVision: string[] = ["gap-p32", "gap-p8", "map-p8", "tok-p8"].map((name) => fixturePath(`big-vision-flexi/${name}/params.npz`));
export const timm: string[] = ["avg-fcnorm", "cls-noembed", "deit", "dinov2-reg4-swiglu", "map"].map((name) => fixturePath(`timm/${name}/model.safetensors`));
export const huggingFace: string[] = ["hf-vit", "hf-dinov2", "hf-dinov2-registers"].map((name) => fixturePath(`checkpoint/${name}.safetensors`));

/** Opens either kind of file by its ending. */
export const openFile = async (file: string): Promise<WeightFile> => await (file.endsWith(".npz") ? readNpz(file) : readSafetensors(file));

/** Every entry by name: its shape and its bytes. */
export async function contentOf(file: string, rename = (name: string) => name): Promise<Record<string, string>> {
  const { entries } = await openFile(file);
  const content: Record<string, string> = {};
  for (const [name, { shape, read }] of Object.entries(entries)) {
    const { buffer, byteOffset, byteLength } = await read();
    content[rename(name)] = `[${shape.join(", ")}] ${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}`;
  }
  return content;
}

/** All entries of a file in memory, for making other files of them. */
export async function entriesIn(file: string): Promise<Record<string, Entry>> {
  const { entries } = await openFile(file);
  return Object.fromEntries(await Promise.all(Object.entries(entries).map(async ([name, { dtype, shape, read }]) => [name, { dtype, shape, data: await read() }])));
}

/** Disposes what `loadVit` gave. */
export function disposeModel({ params, head }: LoadedVit): void {
  tf.dispose([params, head ?? []] as tf.TensorContainer);
}

/** The scheme of patches side by side. */
export const sideBySide = (patchSize: readonly [number, number]) => ({ patchSize, stride: patchSize });
