import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { answersOf } from "./answers.ts";

const classes = ["cat", "dog", "owl"];
const outputs = tf.tensor2d([Math.log(2), Math.log(5), Math.log(3), 1, -0.5, 7], [2, 3]);
/** Digits that float32 has. */
const rounded = (answers: unknown): unknown => JSON.parse(JSON.stringify(answers), (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value));

it("logits log 2, log 5 and log 3 are 50 % and 30 % of one class, and 5/6 and 3/4 of each class on its own", async () => {
  const [single] = rounded(await answersOf(outputs, { classes }, 2)) as unknown[];
  expect(single).toEqual({ classes: [{ name: "dog", probability: 0.5 }, { name: "owl", probability: 0.3 }] });
  const [several] = rounded(await answersOf(outputs, { task: "multi-label", classes }, 2)) as unknown[];
  expect(several).toEqual({ classes: [{ name: "dog", probability: 0.833333 }, { name: "owl", probability: 0.75 }] });
});

it("a regression gives its three numbers as they are, whatever the number of classes asked for", async () => {
  const [, second] = rounded(await answersOf(outputs, { task: "regression", classes }, 1)) as unknown[];
  expect(second).toEqual({ values: [{ name: "cat", value: 1 }, { name: "dog", value: -0.5 }, { name: "owl", value: 7 }] });
});
