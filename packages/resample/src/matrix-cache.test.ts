import { expect, test } from "vitest";
import { MatrixCache } from "./matrix-cache.ts";
import { matrixOf } from "./matrix.ts";

const make = (size: number) => () => matrixOf(1, size, () => 0);

test("the matrices asked for last stay, up to 10 values", () => {
  const cache = new MatrixCache(10);
  const a = cache.get("a", make(4));
  const b = cache.get("b", make(4));
  expect(cache.get("a", make(4))).toBe(a); // a is now the later one
  cache.get("c", make(3)); // 11 values: b goes
  expect(cache.get("a", make(4))).toBe(a);
  expect(cache.get("b", make(4))).not.toBe(b);
});

test("a matrix above the limit is not kept and pushes nothing out", () => {
  const cache = new MatrixCache(10);
  const a = cache.get("a", make(4));
  const large = cache.get("large", make(11));
  expect(cache.get("large", make(11))).not.toBe(large);
  expect(cache.get("a", make(4))).toBe(a);
});

test("a matrix that cannot be made leaves nothing behind", () => {
  const cache = new MatrixCache(10);
  expect(() => cache.get("a", () => { throw new Error("no such matrix"); })).toThrow("no such matrix");
  expect(cache.get("a", make(4)).columns).toBe(4);
});
