import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { type Entry, fromTensor, toTensor } from "./index.ts";

it("toTensor gives floats as float32, integers as int32 and bool as bool", () => {
  const entries: Entry[] = [
    { dtype: "float64", shape: [2], data: Float64Array.from([Math.PI, -1e-300]) },
    { dtype: "bfloat16", shape: [1, 2], data: Float32Array.from([0.5, 2]) },
    { dtype: "uint8", shape: [3], data: Uint8Array.from([0, 128, 255]) },
    { dtype: "int64", shape: [2], data: BigInt64Array.from([-(2n ** 31n), 2n ** 31n - 1n]) },
    { dtype: "bool", shape: [2], data: Uint8Array.from([0, 1]) },
  ];
  const tensors = entries.map(toTensor);
  expect(tensors.map(({ dtype, shape }) => [dtype, shape])).toEqual([
    ["float32", [2]],
    ["float32", [1, 2]],
    ["int32", [3]],
    ["int32", [2]],
    ["bool", [2]],
  ]);
  expect(tensors.map((tensor) => Array.from(tensor.dataSync()))).toEqual([
    [Math.fround(Math.PI), -0],
    [0.5, 2],
    [0, 128, 255],
    [-(2 ** 31), 2 ** 31 - 1],
    [0, 1],
  ]);
});

it("toTensor refuses integers that int32 cannot hold", () => {
  const large = (data: Entry["data"], dtype: Entry["dtype"]) => () => toTensor({ dtype, shape: [1], data });
  expect(large(Uint32Array.from([2 ** 31]), "uint32")).toThrow(
    new Error("toTensor(entry): expected integers within int32, got 2147483648. Read the entry's data as they are instead."),
  );
  expect(large(BigInt64Array.from([2n ** 62n + 1n]), "int64")).toThrow("got 4611686018427387905.");
});

it("fromTensor reads the values when they are asked for", async () => {
  const tensor = tf.tensor2d([[1, 2, 3]]);
  const { dtype, shape, read } = fromTensor(tensor);
  expect([dtype, shape, await read()]).toEqual(["float32", [1, 3], Float32Array.from([1, 2, 3])]);
});
