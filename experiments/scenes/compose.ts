import type { ImageSource } from "@flexivit/data";
import { random, type RandomStream } from "@flexivit/random";
import { readSquare, spriteAt } from "./sprite.ts";
import { stamp, type Placement, type Stamp } from "./stamp.ts";

export type SceneOptions = {
  seed: number;
  /** Height and width of a scene. */
  sizePx: number;
  /** Grey pictures on a dark ground, square. */
  sprites: ImageSource;
  /** Photographs in colour; plain colours unless given. */
  backgrounds?: ImageSource;
  /** The fewest and the most objects that are tried; 2 and 5 unless given. */
  objects?: readonly [least: number, most: number];
  /** The smallest and the largest side of a sprite's canvas as shares of the scene, all scales alike; 0.15 and 1 unless given. */
  sides?: readonly [least: number, most: number];
  /** The share of its pixels that an object keeps at least where others lie before it; 0.5 unless given. */
  leastVisible?: number;
  /** Side of the sprites' pictures; 28 unless given. */
  spriteSidePx?: number;
};

/** A scene: RGB [sizePx, sizePx, 3], and per pixel 0 for the ground or 1 + the index of its object, whose classes are listed. */
export type Scene = { pixels: Uint8Array; owners: Uint8Array; classes: number[] };

const largestAngle = Math.PI / 12;

/** Garments are lit, what is behind them is not, or small models would need long to see the one before the other. */
const darkestCloth = 130;
const brightnessBehind = 0.4;

/**
 * Scene `index`: a function of the options and the index.
 *
 * Large objects lie behind small ones. One that would hide more of another than it may is left out.
 */
export function composeScene(options: SceneOptions, index: number): Scene {
  const { seed, sizePx, sprites, spriteSidePx = 28, leastVisible = 0.5 } = options;
  const stream = random(seed, "scene", index);
  const pixels = backdrop(options, stream);
  const owners = new Uint8Array(sizePx * sizePx);
  const scene: Scene = { pixels, owners, classes: [] };
  const areas: { whole: number; visible: number }[] = [];
  for (const placement of placements(options, stream)) {
    const sprite = spriteAt(sprites, stream.integer(sprites.size), spriteSidePx);
    const tint = [0, 1, 2].map(() => 0.6 + 0.4 * stream.uniform());
    const stamped = stamp(sprite, placement, sizePx);
    const hidden = hiddenBy(stamped, owners, areas.length);
    if (stamped.places.length === 0 || areas.some(({ whole, visible }, i) => visible - hidden[i] < leastVisible * whole)) continue;
    for (const [i, count] of hidden.entries()) areas[i].visible -= count;
    areas.push({ whole: stamped.places.length, visible: stamped.places.length });
    scene.classes.push(sprite.class);
    paint(scene, stamped, areas.length, tint);
  }
  return scene;
}

/** Where objects are tried, the largest first. */
function placements({ sizePx, objects: [fewest, most] = [2, 5], sides: [least, largest] = [0.15, 1] }: SceneOptions, stream: RandomStream): Placement[] {
  const count = fewest + stream.integer(most - fewest + 1);
  const all = Array.from({ length: count }, () => {
    const sidePx = sizePx * least * (largest / least) ** stream.uniform();
    const inside = (): number => sidePx / 2 + stream.uniform() * (sizePx - sidePx);
    return { sidePx, centreX: inside(), centreY: inside(), angle: (2 * stream.uniform() - 1) * largestAngle, mirrored: stream.uniform() < 0.5 };
  });
  return all.sort((a, b) => b.sidePx - a.sidePx);
}

/** How many pixels of each object a new one would cover. */
function hiddenBy({ places }: Stamp, owners: Uint8Array, objects: number): number[] {
  const hidden = Array<number>(objects).fill(0);
  for (const place of places) if (owners[place] > 0) hidden[owners[place] - 1]++;
  return hidden;
}

function paint({ pixels, owners }: Scene, { places, levels }: Stamp, owner: number, tint: readonly number[]): void {
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    owners[place] = owner;
    const light = darkestCloth + ((255 - darkestCloth) * levels[i]) / 255;
    for (let channel = 0; channel < 3; channel++) pixels[3 * place + channel] = Math.round(tint[channel] * light);
  }
}

/** A part of a photograph that fills the scene, or one colour. */
function backdrop({ sizePx, backgrounds }: SceneOptions, stream: RandomStream): Uint8Array {
  if (!backgrounds) {
    const colour = [0, 1, 2].map(() => brightnessBehind * stream.integer(256));
    const plain = new Uint8Array(sizePx * sizePx * 3);
    for (let i = 0; i < plain.length; i++) plain[i] = colour[i % 3];
    return plain;
  }
  const [index, share, y, x] = [stream.integer(backgrounds.size), ...[0, 1, 2].map(() => stream.uniform())];
  const photograph = readSquare(backgrounds, index, {
    side: sizePx,
    flip: stream.uniform() < 0.5,
    region([height, width]) {
      const side = Math.round(Math.min(height, width) * (0.6 + 0.4 * share));
      return { top: Math.floor(y * (height - side + 1)), left: Math.floor(x * (width - side + 1)), height: side, width: side };
    },
  });
  for (let i = 0; i < photograph.length; i++) photograph[i] *= brightnessBehind;
  return photograph;
}
