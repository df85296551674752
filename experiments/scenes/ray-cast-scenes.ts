import { pixelSource, type ImageSource, type MapSource, type PixelMap, type Size } from "@flexivit/data";
import { random } from "@flexivit/random";
import { castRays, textureSidePx, type Casting, type Texture } from "./ray-cast.ts";
import { drawRoom } from "./ray-cast-room.ts";
import type { Surface } from "./ray-cast-solids.ts";

export type RayCastOptions = {
  seed: number;
  /** How many scenes there are. */
  scenes: number;
  /** Pictures that surfaces show. */
  pictures: ImageSource;
  /** Height and width of the scenes, in pixels. */
  size: Size;
};

/**
 * Ray-cast rooms with exact depths and normals, their surfaces painted with real pictures.
 *
 * Scene `index` is a function of the seed, the index and the pictures. It is cast when it is first read (5 ms at 96x96 pixels)
 * and kept, in 19 bytes per pixel.
 */
export function rayCastScenes({ seed, scenes, pictures, size }: RayCastOptions): MapSource<"depth" | "normals"> {
  const castings = new Map<number, Promise<Casting>>();
  const castingOf = (index: number): Promise<Casting> => {
    if (!castings.has(index)) castings.set(index, castScene(seed, index, pictures, size));
    return castings.get(index)!;
  };
  const name = (index: number): string => `ray-cast scene ${index} of seed ${seed}`;
  return {
    size: scenes,
    channels: 3,
    kinds: ["depth", "normals"],
    classes: [],
    name,
    async read(index, request) {
      const { pixels } = await castingOf(index);
      await pixelSource({ name: name(index), pixels, height: size[0], width: size[1], channels: 3, labels: [0], classes: ["scene"] }).read(0, request);
    },
    readMap: async (index, kind) => ({ size, values: (await castingOf(index))[kind] }) as PixelMap<typeof kind>,
  };
}

async function castScene(seed: number, index: number, pictures: ImageSource, size: Size): Promise<Casting> {
  const scene = drawRoom(random(seed, "ray-cast room", index), pictures.size);
  const textures = new Map<Surface, Texture>();
  for (const surface of scene.solids.flatMap(({ surfaces }) => surfaces)) textures.set(surface, await textureOf(surface, pictures));
  return castRays(scene, (surface) => textures.get(surface)!, size);
}

/** Level 0 in the dark colour, 255 in the bright one, channel by channel; a grey picture in both colours. */
async function textureOf({ picture, dark, bright }: Surface, { channels, read }: ImageSource): Promise<Texture> {
  const side = textureSidePx;
  const levels = new Uint8Array(side * side * channels);
  const window = { top: 0, left: 0, height: side, width: side };
  await read(picture, {
    choose: ([height, width]) => ({ region: { top: 0, left: 0, height, width }, resized: [side, side], window, flip: false, resampling: "pil-bilinear" }),
    stream: () => random(0),
    out: levels,
  });
  return Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const level = channels === 3 ? levels[i] : levels[Math.floor(i / 3)];
    return dark[i % 3] + ((bright[i % 3] - dark[i % 3]) * level) / 255;
  });
}
