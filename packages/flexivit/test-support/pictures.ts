import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** A PNG of RGB pixels [height, width, 3]. */
export function png(height: number, width: number, pixel: (row: number, column: number) => readonly [number, number, number]): Buffer {
  const rows = Array.from({ length: height }, (_, row) => [0, ...Array.from({ length: width }, (_, column) => [...pixel(row, column)]).flat()]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits, RGB
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.from(rows.flat()))), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** Three classes that any classifier can tell apart: what is bright is red, green or blue. */
const classes = ["blue", "green", "red"] as const;

/** A picture of 30x26 of a class, speckled so that no two are alike. */
export function picture(label: number, index: number): Buffer {
  return png(30, 26, (row, column) => {
    const speckle = (7919 * (row + 1) * (index + 3) + 104729 * (column + 1) * (label + 2)) % 60;
    const colour: [number, number, number] = [speckle, speckle, speckle];
    colour[2 - label] += 160;
    return colour;
  });
}

/** A new folder with `perClass` pictures in each of the folders blue, green and red. */
export async function pictureFolder(perClass: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "flexivit-pictures-"));
  for (const [label, name] of classes.entries()) {
    await mkdir(join(folder, name));
    for (let index = 0; index < perClass; index++) await writeFile(join(folder, name, `${String(index).padStart(2, "0")}.png`), picture(label, index));
  }
  return folder;
}
