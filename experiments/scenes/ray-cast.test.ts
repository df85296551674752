import { applyViewToMap, type Size, type View } from "@flexivit/data";
import { random } from "@flexivit/random";
import { expect, it } from "vitest";
import { castRays, textureSidePx, type Camera, type Casting, type Scene } from "./ray-cast.ts";
import { drawRoom, roomDepths } from "./ray-cast-room.ts";
import { reach, type Solid, type Surface, type Vector } from "./ray-cast-solids.ts";

const surface: Surface = { picture: 0, tileM: 1, dark: [0, 0, 0], bright: [1, 1, 1] };
const white = new Float32Array(3 * textureSidePx ** 2).fill(1);
const room: Solid = { kind: "room", size: [8, 4, 10], at: [0, 0, 0], turn: 0, surfaces: [surface] };
const ahead: Camera = { at: [0, 0, 0], yaw: 0, pitch: 0, roll: 0, fieldOfViewDeg: 70 };
const size: Size = [7, 9];
const [height, width] = size;

const see = (solids: readonly Solid[], camera: Partial<Camera> = {}, rest: Partial<Scene> = {}): Casting =>
  castRays({ camera: { ...ahead, ...camera }, solids: [room, ...solids], lamps: [], ambient: 0.5, ...rest }, () => white, size);

/** The ray of a pixel for one metre along the axis, in the camera's frame. */
function ray(row: number, column: number): Vector {
  const step = (2 * Math.tan((35 * Math.PI) / 180)) / width;
  return [(column - 4) * step, (3 - row) * step, -1];
}
const normalAt = ({ normals, size: [, width] }: Casting, row: number, column: number): number[] => [...normals.subarray(3 * (row * width + column), 3 * (row * width + column) + 3)];
const pixels = Array.from({ length: height * width }, (_, i) => [Math.floor(i / width), i % width] as const);

function expectNear(got: Iterable<number>, wanted: readonly number[]): void {
  const values = [...got];
  // float32 holds 7 digits
  for (const [i, value] of wanted.entries()) expect(Math.abs(values[i] - value), `value ${i}: ${values[i]} for ${value}`).toBeLessThan(2e-6 * Math.max(1, Math.abs(value)));
}

it("a sphere of radius 1 on the axis, 4 m ahead, has the depths and normals of the formula", () => {
  const [r, d] = [1, 4];
  const casting = see([{ kind: "sphere", radius: r, at: [0, 0, -d], turn: 0.3, surfaces: [surface] }]);
  expect(casting.depth[3 * width + 4]).toBe(d - r);
  expectNear(normalAt(casting, 3, 4), [0, 0, 1]);
  let hits = 0;
  for (const [row, column] of pixels) {
    const [x, y] = ray(row, column);
    const q = 1 + x * x + y * y;
    const inside = d * d - q * (d * d - r * r); // (x, y, -1) t - (0, 0, -d) has the length r
    if (inside < 0) continue;
    hits++;
    const t = (d - Math.sqrt(inside)) / q;
    expectNear([casting.depth[row * width + column]], [t]);
    expectNear(normalAt(casting, row, column), [(t * x) / r, (t * y) / r, (d - t) / r]);
  }
  expect(hits).toBeGreaterThan(4);
});

it("a floor 2 m below a camera that looks down by 0.3 has depth 2 / -(y cos + sin) and the normal (0, cos, -sin)", () => {
  const pitch = -0.3;
  const casting = see([], { pitch });
  for (const column of [1, 4, 8]) {
    for (const row of [5, 6]) {
      const [, y] = ray(row, column);
      expectNear([casting.depth[row * width + column]], [2 / -(y * Math.cos(pitch) + Math.sin(pitch))]);
      expectNear(normalAt(casting, row, column), [0, Math.cos(pitch), -Math.sin(pitch)]);
    }
  }
});

it("a camera turned to the left by 0.2 sees the far wall nearer on its right, by 5 / (cos + x sin)", () => {
  const casting = see([], { yaw: 0.2 });
  for (const column of [2, 4, 6]) expectNear([casting.depth[3 * width + column]], [5 / (Math.cos(0.2) + ray(3, column)[0] * Math.sin(0.2))]);
  expectNear(normalAt(casting, 3, 4), [-Math.sin(0.2), 0, Math.cos(0.2)]);
  expect(casting.depth[3 * width + 6]).toBeLessThan(casting.depth[3 * width + 2]);
});

it("a roll turns the picture the other way: a floor's normal leans to the right of a camera that leans to the left", () => {
  expectNear(normalAt(see([], { roll: 0.1, pitch: -0.6 }), 5, 4), [Math.cos(0.6) * Math.sin(0.1), Math.cos(0.6) * Math.cos(0.1), Math.sin(0.6)]);
});

it("a box of 1 m turned by 45 degrees shows its edge, half its diagonal nearer than its centre", () => {
  const casting = see([{ kind: "box", size: [1, 2, 1], at: [0.001, 0, -3], turn: Math.PI / 4, surfaces: [surface] }]);
  expect(casting.depth[3 * width + 4]).toBeCloseTo(3 - Math.SQRT1_2, 2);
  expectNear(normalAt(casting, 3, 4), [-Math.SQRT1_2, 0, Math.SQRT1_2]);
});

it("an upright cylinder of radius 0.8 has the depth of a circle in every row, and its top that of a plane", () => {
  const cylinder: Solid = { kind: "cylinder", radius: 0.8, height: 3.9, at: [0, 0, -3], turn: 1, surfaces: [surface] };
  const casting = see([cylinder]);
  for (const [row, column] of [[2, 4], [3, 4], [3, 5], [4, 5], [4, 3]]) {
    const [x] = ray(row, column);
    const q = 1 + x * x;
    const t = (3 - Math.sqrt(9 - q * (9 - 0.64))) / q;
    expectNear([casting.depth[row * width + column]], [t]);
    expectNear(normalAt(casting, row, column), [(t * x) / 0.8, 0, (3 - t) / 0.8]);
  }
  const fromAbove = see([{ ...cylinder, height: 1, at: [0, -1.5, 0] }], { pitch: -Math.PI / 2 });
  expectNear([fromAbove.depth[3 * width + 4]], [1]);
  expectNear(normalAt(fromAbove, 3, 4), [0, 0, 1]);
});

it("a ray straight down meets the top of a cylinder 1 m high that it stands above, and misses one beside it", () => {
  const cylinder = { kind: "cylinder", radius: 0.3, height: 1 } as const;
  expect(reach(cylinder, [0.1, 3, 0.2], 0, -1, 0)).toBe(2.5);
  expect(reach(cylinder, [0.4, 3, 0], 0, -1, 0)).toBe(Infinity);
});

const fine: Size = [40, 50];
const rooms = Array.from({ length: 20 }, (_, index) => drawRoom(random(5, "room", index), 3));
const castFine = (scene: Scene): Casting => castRays(scene, () => white, fine);
const pointOf = ({ depth }: Casting, row: number, column: number): number[] => {
  const step = (2 * Math.tan((35 * Math.PI) / 180)) / fine[1];
  const t = depth[row * fine[1] + column];
  return [(column + 0.5 - fine[1] / 2) * step * t, (fine[0] / 2 - row - 0.5) * step * t, -t];
};
const minus = (a: number[], b: number[]): number[] => a.map((value, k) => value - b[k]);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + value * b[k], 0);

it("in 20 random rooms all depths are within the range, and all normals have length 1 and face the camera", () => {
  for (const casting of rooms.map(castFine)) {
    expect(Math.min(...casting.depth)).toBeGreaterThan(roomDepths.nearest);
    expect(Math.max(...casting.depth)).toBeLessThan(roomDepths.farthest);
    for (let row = 0; row < fine[0]; row++) {
      for (let column = 0; column < fine[1]; column++) {
        const normal = normalAt(casting, row, column);
        expect(Math.abs(dot(normal, normal) - 1)).toBeLessThan(1e-6);
        expect(dot(normal, pointOf(casting, row, column))).toBeLessThan(0);
      }
    }
  }
});

it("in 200 random rooms the camera keeps 0.4 m from walls and things, and things stand on the floor within the walls", () => {
  for (let index = 0; index < 200; index++) {
    const { camera: { at: [x, , z] }, solids: [walls, ...things] } = drawRoom(random(6, "room", index), 3);
    const { size } = walls as Solid & { kind: "room" };
    expect(size[0] / 2 - Math.abs(x)).toBeGreaterThanOrEqual(0.4);
    expect(size[2] / 2 - Math.abs(z)).toBeGreaterThanOrEqual(0.4);
    for (const thing of things) {
      const [wide, high] = "size" in thing ? [Math.hypot(thing.size[0], thing.size[2]), thing.size[1]] : [2 * thing.radius, thing.kind === "sphere" ? 2 * thing.radius : thing.height];
      expect(thing.at[1] - high / 2).toBe(0);
      expect(Math.hypot(thing.at[0] - x, thing.at[2] - z) - wide / 2).toBeGreaterThan(0.4);
      for (const axis of [0, 2]) expect(Math.abs(thing.at[axis]) + wide / 2).toBeLessThan(size[axis] / 2 + 1e-12);
    }
  }
});

it("things are seen in 20 random rooms: in each of most rooms, on a tenth to a half of the pixels of all", () => {
  const shares = rooms.map((scene) => {
    const empty = castFine({ ...scene, solids: scene.solids.slice(0, 1) });
    return castFine(scene).depth.filter((metres, i) => metres < empty.depth[i]).length / empty.depth.length;
  });
  expect(shares.filter((share) => share > 0.02).length).toBeGreaterThan(17);
  const mean = shares.reduce((sum, share) => sum + share) / shares.length;
  expect(mean).toBeGreaterThan(0.1);
  expect(mean).toBeLessThan(0.5);
});

it("on every plane of 20 random rooms with one thing each the differences of neighbouring points are at right angles to the normal", () => {
  let flat = 0;
  for (const casting of rooms.map(({ solids, ...scene }) => castFine({ ...scene, solids: solids.slice(0, 2) }))) {
    for (let row = 1; row < fine[0]; row++) {
      for (let column = 1; column < fine[1]; column++) {
        const normal = normalAt(casting, row, column);
        const here = pointOf(casting, row, column);
        for (const [other, otherColumn] of [[row - 1, column], [row, column - 1]]) {
          const step = minus(pointOf(casting, other, otherColumn), here);
          const sameNormal = minus(normalAt(casting, other, otherColumn), normal).every((difference) => difference === 0);
          if (!sameNormal || Math.hypot(...step) > 0.2) continue; // farther ones are of parallel planes
          flat++;
          expect(Math.abs(dot(step, normal)) / Math.hypot(...step)).toBeLessThan(1e-4); // float32 depths of some metres, steps of centimetres
        }
      }
    }
  }
  expect(flat).toBeGreaterThan(20 * 2000);
});

it("the mirrored view of a scene is what a camera sees of the mirrored scene", () => {
  const solids: Solid[] = [
    { kind: "box", size: [0.6, 1, 0.8], at: [-0.7, -0.5, -3], turn: 0.4, surfaces: [surface] },
    { kind: "sphere", radius: 0.5, at: [1, 0.2, -3.5], turn: 0, surfaces: [surface] },
  ];
  const mirrored = solids.map((solid): Solid => ({ ...solid, at: [-solid.at[0], solid.at[1], solid.at[2]], turn: -solid.turn }));
  const [scene, other] = [see(solids, { pitch: -0.2 }), see(mirrored, { pitch: -0.2 })];
  const all = { top: 0, left: 0, height, width };
  const view: View = { region: all, resized: size, window: all, flip: true, resampling: "pil-bilinear" };
  for (const kind of ["depth", "normals"] as const) {
    const flipped = new Float32Array(scene[kind].length);
    applyViewToMap(kind, { size, values: scene[kind] }, view, flipped);
    expectNear(other[kind], [...flipped]);
  }
});

it("a wall faces a lamp at the camera's place: 255 (ambient + strength cosine)", () => {
  const casting = see([], {}, { ambient: 0.2, lamps: [{ at: [0, 0, 0], strength: 0.5 }] });
  for (const column of [2, 4]) {
    const cosine = 1 / Math.hypot(ray(3, column)[0], 1);
    expect([...casting.pixels.subarray(3 * (3 * width + column), 3 * (3 * width + column) + 3)]).toEqual(Array.from({ length: 3 }, () => Math.round(255 * (0.2 + 0.5 * cosine))));
  }
});

it("a lamp behind a surface takes no light away", () => {
  const { pixels } = see([], {}, { ambient: 0.2, lamps: [{ at: [0, 0, -9], strength: 0.5 }] });
  expect(pixels[3 * (3 * width + 4)]).toBe(51);
});

it("the six surfaces of a room are left, right, bottom, top, back and front", () => {
  const surfaces = Array.from({ length: 6 }, (_, picture): Surface => ({ ...surface, picture }));
  const colours = surfaces.map((_, i) => new Float32Array(white.length).fill(i / 255));
  const centre = (yaw: number, pitch: number): number =>
    castRays({ camera: { ...ahead, yaw, pitch }, solids: [{ ...room, surfaces }], lamps: [], ambient: 1 }, ({ picture }) => colours[picture], size).pixels[3 * (3 * width + 4)];
  const quarter = Math.PI / 2;
  expect([centre(quarter, 0), centre(-quarter, 0), centre(0, -quarter), centre(0, quarter), centre(0, 0), centre(2 * quarter, 0)]).toEqual([0, 1, 2, 3, 4, 5]);
});

/** Red rises to the right and green to the top, from 0 to 1 over a tile; blue is one half. */
const ramp = Float32Array.from({ length: white.length }, (_, i) => {
  const [column, row] = [Math.floor(i / 3) % textureSidePx, Math.floor(i / 3 / textureSidePx)];
  return [(column + 0.5) / textureSidePx, 1 - (row + 0.5) / textureSidePx, 0.5][i % 3];
});
const share = (metres: number, tileM: number): number => (((metres / tileM) % 1) + 1) % 1;
const seeRamp = (tileM: number, camera: Partial<Camera> = {}): Uint8Array =>
  castRays({ camera: { ...ahead, ...camera }, solids: [{ ...room, surfaces: [{ ...surface, tileM }] }], lamps: [], ambient: 1 }, () => ramp, size).pixels;

it("a texture repeats every tile, its left to the left and its top up, in the colours of its channels", () => {
  const pixels = seeRamp(4);
  for (const [row, column] of [[2, 5], [2, 3], [4, 5], [4, 3]]) {
    const [x, y] = ray(row, column).map((part) => 5 * part); // metres on the far wall
    const got = pixels.subarray(3 * (row * width + column), 3 * (row * width + column) + 3);
    for (const [k, wanted] of [share(x, 4), share(y, 4), 0.5].entries()) expect(Math.abs(got[k] - 255 * wanted)).toBeLessThan(0.51);
  }
});

it("on the right wall a texture runs along z and y, on the floor along x and z", () => {
  const quarter = Math.PI / 2;
  const middle = 3 * (3 * width + 4);
  const onWall = seeRamp(16, { yaw: -quarter - 0.3, pitch: 0.2 }); // 4 m to the right
  expect(Math.abs(onWall[middle] - 255 * share(4 * Math.tan(0.3), 16))).toBeLessThan(0.51);
  expect(Math.abs(onWall[middle + 1] - 255 * share((4 * Math.tan(0.2)) / Math.cos(0.3), 16))).toBeLessThan(0.51);
  const onFloor = seeRamp(16, { yaw: -0.4, pitch: -0.9 }); // 2 m below
  expect(Math.abs(onFloor[middle] - 255 * share((2 / Math.tan(0.9)) * Math.sin(0.4), 16))).toBeLessThan(0.51);
  expect(Math.abs(onFloor[middle + 1] - 255 * share((-2 / Math.tan(0.9)) * Math.cos(0.4), 16))).toBeLessThan(0.51);
});

it("a ray into the void is refused", () => {
  expect(() => castRays({ camera: ahead, solids: [{ kind: "sphere", radius: 1, at: [0, 0, -3], turn: 0, surfaces: [surface] }], lamps: [], ambient: 1 }, () => white, size)).toThrow(
    new Error("castRays(scene): expected a surface on every ray, got none. Put camera and solids into a room."),
  );
});
