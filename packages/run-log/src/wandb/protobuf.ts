/** A field of a message: its number, and a text, bytes (also those of a nested message), or a whole number from 0. */
export type Field = readonly [number: number, value: string | Buffer | number];

/**
 * Returns a protobuf message with these fields, in order.
 *
 * Source: protobuf.dev/programming-guides/encoding: varints (wire type 0) and length-delimited fields (2) only.
 */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => (typeof value === "number" ? [varint(8 * number), varint(value)] : delimited(number, value))));
}

function delimited(number: number, value: string | Buffer): Buffer[] {
  const bytes = Buffer.from(value as string);
  return [varint(8 * number + 2), varint(bytes.length), bytes];
}

/** Seven bits a byte, the lowest first; by division, since numbers go beyond 32 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
