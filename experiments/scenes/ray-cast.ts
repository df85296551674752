import type { Size } from "@flexivit/data";
import { reach, spotOf, turnedBack, type Solid, type Spot, type Surface, type Vector } from "./ray-cast-solids.ts";

/** A pinhole camera: turned about the vertical (yaw, to the left), then up (pitch), then about its axis (roll), in radians. */
export type Camera = { at: Vector; yaw: number; pitch: number; roll: number; /** Of the width of the picture. */ fieldOfViewDeg: number };

/** Lamps are points; light that comes from everywhere is added to theirs. A surface is lit by its angle alone: no shadows. */
export type Scene = { camera: Camera; solids: readonly Solid[]; lamps: readonly { at: Vector; strength: number }[]; ambient: number };

/** Colours of a surface's picture, 0 to 1: [textureSidePx, textureSidePx, 3]. */
export type Texture = Float32Array;
export const textureSidePx = 32;

/** What the camera sees: one ray through the centre of each pixel. */
export type Casting = {
  size: Size;
  /** [height, width, 3], 8 bits. */
  pixels: Uint8Array;
  /** [height, width]: metres along the camera's axis, not along the ray; as in NYU Depth. */
  depth: Float32Array;
  /** [height, width, 3]: unit vectors in the camera's frame, x to the right, y up, z towards the camera. */
  normals: Float32Array;
};

/**
 * A scene as its camera sees it, with exact depths and normals.
 *
 * The ray of a pixel at x, y (metres on a screen one metre ahead) has the direction (x, y, -1) in the camera's frame, so the
 * multiple of it that reaches a surface is the depth along the axis.
 *
 * @param textureOf the colours of each surface
 * @throws where a ray meets nothing: a scene is closed by a room
 */
export function castRays(scene: Scene, textureOf: (surface: Surface) => Texture, size: Size): Casting {
  const [height, width] = size;
  const { camera, solids } = scene;
  const axes = axesOf(camera);
  const step = (2 * Math.tan((camera.fieldOfViewDeg * Math.PI) / 360)) / width;
  const placed = solids.map((solid) => ({ solid, origin: turnedBack(minus(camera.at, solid.at), solid.turn), cos: Math.cos(solid.turn), sin: Math.sin(solid.turn) }));
  const casting: Casting = { size, pixels: new Uint8Array(3 * height * width), depth: new Float32Array(height * width), normals: new Float32Array(3 * height * width) };
  for (let i = 0; i < height * width; i++) {
    const ray = direction(axes, ((i % width) + 0.5 - width / 2) * step, (height / 2 - Math.floor(i / width) - 0.5) * step);
    const { depth, solid, spot } = meet(placed, ray);
    const normal = turnedBack(spot.normal, -solid.turn);
    casting.depth[i] = depth;
    for (let k = 0; k < 3; k++) casting.normals[3 * i + k] = dot(normal, axes[k]);
    const light = lightAt(scene, plus(camera.at, ray, depth), normal);
    const surface = solid.surfaces[spot.face % solid.surfaces.length];
    paint(casting.pixels, i, textureOf(surface), surface.tileM, spot, light);
  }
  return casting;
}

/** The camera's axes in the world: to the right, up, and back towards the viewer. */
type Axes = readonly [right: Vector, up: Vector, back: Vector];

function axesOf({ yaw, pitch, roll }: Camera): Axes {
  const inWorld = ([x, y, z]: Vector): Vector => {
    const rolled: Vector = [Math.cos(roll) * x - Math.sin(roll) * y, Math.sin(roll) * x + Math.cos(roll) * y, z];
    const pitched: Vector = [rolled[0], Math.cos(pitch) * rolled[1] - Math.sin(pitch) * rolled[2], Math.sin(pitch) * rolled[1] + Math.cos(pitch) * rolled[2]];
    return turnedBack(pitched, -yaw);
  };
  return [inWorld([1, 0, 0]), inWorld([0, 1, 0]), inWorld([0, 0, 1])];
}

function direction([right, up, back]: Axes, x: number, y: number): Vector {
  return [x * right[0] + y * up[0] - back[0], x * right[1] + y * up[1] - back[1], x * right[2] + y * up[2] - back[2]];
}

/** A solid, with the camera's place and the turn's cosine and sine in its frame. */
type Placed = { solid: Solid; origin: Vector; cos: number; sin: number };

/** The first surface on a ray's way. */
function meet(placed: readonly Placed[], [dx, dy, dz]: Vector): { depth: number; solid: Solid; spot: Spot } {
  let [depth, nearest] = [Infinity, placed[0]];
  for (const one of placed) {
    const at = reach(one.solid, one.origin, one.cos * dx - one.sin * dz, dy, one.sin * dx + one.cos * dz);
    if (at < depth) [depth, nearest] = [at, one];
  }
  if (depth === Infinity) throw new Error("castRays(scene): expected a surface on every ray, got none. Put camera and solids into a room.");
  const { solid, origin, cos, sin } = nearest;
  return { depth, solid, spot: spotOf(solid, plus(origin, [cos * dx - sin * dz, dy, sin * dx + cos * dz], depth)) };
}

/** Lambert's law: a lamp counts by the cosine of the angle between the normal and the way to it. */
function lightAt({ lamps, ambient }: Scene, point: Vector, normal: Vector): number {
  let light = ambient;
  for (const { at, strength } of lamps) {
    const way = minus(at, point);
    light += strength * Math.max(0, dot(way, normal) / Math.sqrt(dot(way, way)));
  }
  return light;
}

/** The texture is interpolated between its four pixels around the spot; it repeats. */
function paint(pixels: Uint8Array, i: number, texture: Texture, tileM: number, { u, v }: Spot, light: number): void {
  const x = (u / tileM) * textureSidePx - 0.5;
  const y = (-v / tileM) * textureSidePx - 0.5;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (let k = 0; k < 3; k++) {
    const above = between(texture[texel(top, left) + k], texture[texel(top, left + 1) + k], x - left);
    const below = between(texture[texel(top + 1, left) + k], texture[texel(top + 1, left + 1) + k], x - left);
    pixels[3 * i + k] = Math.round(255 * Math.min(1, light * between(above, below, y - top)));
  }
}

const between = (a: number, b: number, share: number): number => a + (b - a) * share;

/** The side is a power of two, so that masking repeats it to both sides. */
const texel = (row: number, column: number): number => 3 * ((row & (textureSidePx - 1)) * textureSidePx + (column & (textureSidePx - 1)));

const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const plus = (a: Vector, b: Vector, times: number): Vector => [a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
