import { checkPicture, enlarged, toPng } from "./draw-canvas.ts";
import type { Size } from "./view.ts";

/**
 * A PNG of surface normals: red, green and blue are (x + 1) / 2, (y + 1) / 2 and (z + 1) / 2 of 255.
 *
 * Unknown normals, which are zeros, become grey 128. Small maps are enlarged by a whole factor.
 *
 * @param normals [height, width, 3], unit vectors
 * @throws where there are other than height * width * 3 values
 */
export async function drawNormals(normals: Float32Array, size: Size): Promise<Uint8Array> {
  const picture = { pixels: Uint8Array.from(normals, level), size, channels: 3 } as const;
  checkPicture(picture, "drawNormals(normals)");
  return toPng(enlarged(picture));
}

function level(value: number): number {
  return Math.min(Math.max(Math.round((value + 1) * 127.5), 0), 255);
}
