import * as tf from "@tensorflow/tfjs-core";
import { type DType, type Entry, type EntryData, type LazyEntry } from "./entry.ts";

/** The types that tensors can have, and those of the entries that hold them bit for bit. */
const dtypeOf: Partial<Record<tf.DataType, DType>> = { float32: "float32", int32: "int32", bool: "bool" };

/**
 * The tensor of an entry: floats as float32, integers as int32, bool as bool.
 *
 * Float64 values are rounded to the nearest float32.
 *
 * @throws where an integer does not fit in int32
 */
export function toTensor(entry: Entry): tf.Tensor {
  const { dtype, shape, data } = entry;
  if (dtype === "bool") return tf.tensor(data as Uint8Array, [...shape], "bool");
  if (data instanceof Float32Array) return tf.tensor(data, [...shape], "float32");
  if (data instanceof Float64Array) return tf.tensor(Float32Array.from(data), [...shape], "float32");
  return tf.tensor(toInt32(data), [...shape], "int32");
}

/** An entry that fetches the values of a tensor when it is written. */
export function fromTensor(tensor: tf.Tensor): LazyEntry {
  const dtype = dtypeOf[tensor.dtype];
  if (!dtype) {
    throw new Error(`fromTensor(tensor): expected float32, int32 or bool, got ${tensor.dtype}. Cast it first.`);
  }
  const read = async () => (await tensor.data()) as EntryData;
  return { dtype, shape: tensor.shape, read };
}

function toInt32(data: EntryData): Int32Array {
  if (data instanceof Int32Array) return data;
  const values = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    values[i] = Number(data[i]);
    if (values[i] !== Number(data[i])) {
      throw new Error(
        `toTensor(entry): expected integers within int32, got ${data[i]}. Read the entry's data as they are instead.`,
      );
    }
  }
  return values;
}
