import * as tf from "@tensorflow/tfjs-core";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, it } from "vitest";
import { roundBfloat16, toBfloat16 } from "./bfloat16.ts";

/** The nearest bfloat16, ties to even, by arithmetic on the bits. */
function byBits(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < bits.length; i++) {
    bits[i] = ((bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) & 0xffff0000) >>> 0;
  }
  return new Float32Array(bits.buffer);
}

it("rounds every tie between two bfloat16 numbers to the even one, at 5 exponents and both signs", () => {
  const ties = [-30, -1, 0, 1, 20].flatMap((exponent) =>
    Array.from({ length: 128 }, (_, i) => (i % 3 === 0 ? -1 : 1) * (1 + (i + 0.5) / 128) * 2 ** exponent),
  );
  expectClose(roundBfloat16(tf.tensor1d(ties)), byBits(Float32Array.from(ties)));
});

it("rounds 4,099 float32 numbers over 60 powers of two as the bits say", () => {
  const values = Float32Array.from({ length: 4099 }, (_, i) => Math.sin(i) * 2 ** ((i % 61) - 30));
  expectClose(roundBfloat16(tf.tensor1d(values)), byBits(values));
  expectClose(Array.from(values, toBfloat16), byBits(values));
});

it("takes 0.9 to 0.8984375, the number that big_vision decays a bfloat16 moment by", () => {
  expect(toBfloat16(0.9)).toBe(0.8984375);
});

it("keeps zeros and what is not finite recognisable", () => {
  expect(Array.from(roundBfloat16(tf.tensor1d([0, Number.NaN, Infinity])).dataSync())).toEqual([0, Number.NaN, Number.NaN]);
});

it("leaves no tensor behind", () => {
  const values = tf.tensor1d([1, 2, 3]);
  expectNoLeak(() => roundBfloat16(values));
});
