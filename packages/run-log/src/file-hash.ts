import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

const pieceBytes = 2 ** 20;

/**
 * Returns the SHA-256 of a file as 64 hexadecimal digits, as `sha256sum` prints it; reads a mebibyte at a time.
 *
 * Throws where the file cannot be read.
 */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: pieceBytes }), hash);
  return hash.digest("hex");
}
