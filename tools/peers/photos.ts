import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "@flexivit/random";
import sharp from "sharp";
import { root } from "../workspace.ts";

/** As most pictures of ImageNet have. */
const size = { width: 500, height: 375 };

/**
 * A new temporary folder of JPEG files of 500x375, as many as `count`, in two folders of a class each.
 *
 * Parts of two photographs are enlarged and the noise of a camera is added, so that the files have 40 to 110 kB, as those of
 * ImageNet do.
 */
export async function photoFolder(count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "flexivit-photos-"));
  const grain = await noise();
  for (const photo of ["coffee", "china"] as const) {
    await mkdir(join(folder, photo));
    for (let index = 0; index < count / 2; index++) await writePhoto(photo, index, grain, join(folder, photo, `${index}.jpg`));
  }
  return folder;
}

function noise(): Promise<Buffer> {
  const sigma = 24;
  return sharp({ create: { ...size, channels: 3, background: "grey", noise: { type: "gaussian", mean: 128, sigma } } }).png().toBuffer();
}

async function writePhoto(photo: string, index: number, grain: Buffer, file: string): Promise<void> {
  const stream = random(0, "photo", photo, index);
  const part = { width: 200 + stream.integer(60), height: 150 + stream.integer(60), left: stream.integer(40), top: stream.integer(30) };
  await sharp(join(root, "packages/testing/fixtures/images", `${photo}.jpg`))
    .extract(part)
    .resize(size.width, size.height, { fit: "fill", kernel: "lanczos3" })
    .composite([{ input: grain, blend: "soft-light" }])
    .jpeg({ quality: 90 + stream.integer(6) })
    .toFile(file);
}
