import { expect, test } from "vitest";
import { pick } from "./pick.ts";

test("numbers fall on 1/4, 0, 1/2 and 1/4 of [0, 1): each share begins with its lower bound, and a share of 0 is never met", () => {
  const shares = [0.25, 0, 0.5, 0.25];
  expect([0, 0.2499, 0.25, 0.7499, 0.75, 0.9999].map((at) => pick(shares, at))).toEqual([0, 0, 2, 2, 3, 3]);
});

test("where shares sum to 1 - 2^-52, the largest number still falls on the last of them above 0", () => {
  const largest = 1 - 2 ** -53;
  expect(pick([0.25, 0.75 - 2 ** -52, 0], largest)).toBe(1);
});
