/** Metres, or a direction: x to the right, y up, z towards a viewer who looks along -z. */
export type Vector = readonly [x: number, y: number, z: number];

/** How a surface looks: a picture of a set, repeated every `tileM` metres, its levels spread between two colours (0 to 1 per channel). */
export type Surface = { picture: number; tileM: number; dark: Vector; bright: Vector };

/** Sizes in metres. A `room` is a box that is seen from inside; a cylinder stands upright. */
export type Shape =
  | { kind: "room" | "box"; size: Vector }
  | { kind: "sphere"; radius: number }
  | { kind: "cylinder"; radius: number; height: number };

export type Solid = Shape & {
  /** Its centre. */
  at: Vector;
  /** Radians about the vertical, from z towards x. */
  turn: number;
  /** One for all of it, or one per face of a box: left, right, bottom, top, back, front. */
  surfaces: readonly Surface[];
};

/** What a point of a solid's surface is like, in the solid's own frame. */
export type Spot = {
  /** Unit vector away from the matter: out of a box, into a room. */
  normal: Vector;
  /** Place on the face, in metres. */
  u: number;
  v: number;
  face: number;
};

/** From the frame of the world to one that is turned about the vertical, and back with the angle's negative. */
export function turnedBack([x, y, z]: Vector, turn: number): Vector {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return [cos * x - sin * z, y, sin * x + cos * z];
}

/**
 * How often the direction fits between the origin and the first point of the surface on the way; infinite where the ray misses.
 *
 * @param shape around the origin of its own frame, in which the ray is given
 */
export function reach(shape: Shape, [ox, oy, oz]: Vector, dx: number, dy: number, dz: number): number {
  switch (shape.kind) {
    case "sphere": {
      const near = root(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, ox * ox + oy * oy + oz * oz - shape.radius ** 2, -1);
      return near > 0 ? near : Infinity;
    }
    case "cylinder": {
      const [a, b, c] = [dx * dx + dz * dz, ox * dx + oz * dz, ox * ox + oz * oz - shape.radius ** 2];
      const half = shape.height / 2;
      return first(Math.max(root(a, b, c, -1), pass(oy, dy, half, -1)), Math.min(root(a, b, c, 1), pass(oy, dy, half, 1)));
    }
    default: {
      const [x, y, z] = [shape.size[0] / 2, shape.size[1] / 2, shape.size[2] / 2];
      const leave = Math.min(pass(ox, dx, x, 1), pass(oy, dy, y, 1), pass(oz, dz, z, 1));
      return shape.kind === "room" ? leave : first(Math.max(pass(ox, dx, x, -1), pass(oy, dy, y, -1), pass(oz, dz, z, -1)), leave);
    }
  }
}

const first = (enter: number, leave: number): number => (enter > 0 && enter < leave ? enter : Infinity);

/** The smaller (-1) or the larger (1) solution of `a t^2 + 2 b t + c = 0`, between which a ray is inside; NaN where it never is. */
function root(a: number, b: number, c: number, which: -1 | 1): number {
  if (a === 0) return c < 0 ? which * Infinity : Number.NaN; // along a cylinder, where b is 0 too
  return (which * Math.sqrt(b * b - a * c) - b) / a;
}

/** Where a ray enters (-1) or leaves (1) what lies between -half and half of one axis. */
function pass(origin: number, direction: number, half: number, which: -1 | 1): number {
  const speed = direction || 1e-300; // a ray along the face: it is inside for ever, or never
  return (which * half) / Math.abs(speed) - origin / speed;
}

/** What the surface is like at one of its points. */
export function spotOf(shape: Shape, point: Vector): Spot {
  switch (shape.kind) {
    case "sphere": {
      const normal: Vector = [point[0] / shape.radius, point[1] / shape.radius, point[2] / shape.radius];
      return { normal, u: Math.atan2(normal[0], normal[2]) * shape.radius, v: Math.asin(clamp(normal[1])) * shape.radius, face: 0 };
    }
    case "cylinder":
      return spotOfCylinder(shape.radius, shape.height / 2, point);
    default:
      return spotOfBox(shape.size, shape.kind === "room" ? -1 : 1, point);
  }
}

const clamp = (x: number): number => Math.min(1, Math.max(-1, x));

function spotOfCylinder(radius: number, half: number, [x, y, z]: Vector): Spot {
  if (Math.abs(y) / half > Math.hypot(x, z) / radius) return { normal: [0, Math.sign(y), 0], u: x, v: z, face: 0 };
  return { normal: [x / radius, 0, z / radius], u: Math.atan2(x, z) * radius, v: y, face: 0 };
}

/** A point of a box lies on the face that it is nearest to. */
function spotOfBox(size: Vector, outward: 1 | -1, point: Vector): Spot {
  const shares = point.map((place, axis) => Math.abs(place) / size[axis]);
  const axis = shares.indexOf(Math.max(...shares));
  const side = Math.sign(point[axis]);
  const normal: [number, number, number] = [0, 0, 0];
  normal[axis] = side * outward;
  return { normal, u: point[axis === 0 ? 2 : 0], v: point[axis === 1 ? 2 : 1], face: 2 * axis + (side > 0 ? 1 : 0) };
}
