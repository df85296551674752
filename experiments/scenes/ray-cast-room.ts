import type { RandomStream } from "@flexivit/random";
import type { Camera, Scene } from "./ray-cast.ts";
import type { Shape, Solid, Surface, Vector } from "./ray-cast-solids.ts";

/** Metres between the smallest and the largest depth that {@link drawRoom} can make. */
export const roomDepths = { nearest: 0.25, farthest: 10 } as const;

/** Least way of the camera to walls and things, in metres. */
const free = 0.4;

type Between = (from: number, to: number) => number;

/**
 * A random room with three to six things on its floor, one or two lamps, and a camera that looks about its middle.
 *
 * Sizes are those of furnished rooms, so depths can be told from them: 3 to 6 m wide, 2.3 to 3 m high, the camera at eye
 * level. Every surface shows one of `pictures` pictures, in sizes near one metre and in colours of its own.
 */
export function drawRoom(stream: RandomStream, pictures: number): Scene {
  const between: Between = (from, to) => from + (to - from) * stream.uniform();
  const surface = (): Surface => drawSurface(stream, between, pictures);
  const size: Vector = [between(3, 6), between(2.3, 3), between(3, 6)];
  const room: Solid = { kind: "room", size, at: [0, size[1] / 2, 0], turn: 0, surfaces: Array.from({ length: 6 }, surface) };
  const camera = drawCamera(between, size);
  const things = Array.from({ length: 3 + stream.integer(4) }, () => drawThing(stream, between, camera, size, surface()));
  const lamp = (): Scene["lamps"][number] => ({ at: [between(-0.4, 0.4) * size[0], between(0.7, 0.95) * size[1], between(-0.4, 0.4) * size[2]], strength: between(0.4, 0.8) });
  const lamps = Array.from({ length: 1 + stream.integer(2) }, lamp);
  return { camera, solids: [room, ...things.filter(leavesFree(camera))], lamps, ambient: between(0.25, 0.45) };
}

function drawSurface(stream: RandomStream, between: Between, pictures: number): Surface {
  const colour = (from: number, to: number): Vector => [between(from, to), between(from, to), between(from, to)];
  return { picture: stream.integer(pictures), tileM: between(0.7, 1.2), dark: colour(0.2, 0.5), bright: colour(0.5, 0.9) };
}

/** Anywhere at eye level, towards a place about the middle of the room. */
function drawCamera(between: Between, [width, , depth]: Vector): Camera {
  const [x, z] = [width, depth].map((side) => between(-1, 1) * (side / 2 - free));
  const [towardsX, towardsZ] = [between(-0.25, 0.25) * width - x, between(-0.25, 0.25) * depth - z];
  return { at: [x, between(1.1, 1.7), z], yaw: Math.atan2(-towardsX, -towardsZ), pitch: between(-0.4, 0.1), roll: between(-0.05, 0.05), fieldOfViewDeg: 70 };
}

/** Something on the floor in front of the camera. */
function drawThing(stream: RandomStream, between: Between, camera: Camera, room: Vector, surface: Surface): Solid {
  const shape = drawShape(stream.integer(3), between);
  const [angle, way] = [camera.yaw + between(-0.6, 0.6), between(1, 4.5)];
  const within = (place: number, side: number): number => Math.max(-1, Math.min(1, place / (side / 2 - widthOf(shape)))) * (side / 2 - widthOf(shape));
  const [x, z] = [within(camera.at[0] - way * Math.sin(angle), room[0]), within(camera.at[2] - way * Math.cos(angle), room[2])];
  return { ...shape, at: [x, heightOf(shape) / 2, z], turn: between(0, Math.PI / 2), surfaces: [surface] };
}

function drawShape(kind: number, between: Between): Shape {
  if (kind === 0) return { kind: "box", size: [between(0.3, 1), between(0.3, 1.3), between(0.3, 1)] };
  if (kind === 1) return { kind: "sphere", radius: between(0.15, 0.45) };
  return { kind: "cylinder", radius: between(0.12, 0.4), height: between(0.4, 1.5) };
}

/** Half the widest extent on the floor, and the height; metres. */
const widthOf = (shape: Shape): number => ("size" in shape ? Math.hypot(shape.size[0], shape.size[2]) / 2 : shape.radius);
const heightOf = (shape: Shape): number => ("size" in shape ? shape.size[1] : shape.kind === "sphere" ? 2 * shape.radius : shape.height);

const leavesFree = ({ at }: Camera) => (thing: Solid): boolean => Math.hypot(thing.at[0] - at[0], thing.at[2] - at[2]) > widthOf(thing) + free;
