import { parseScheme } from "@flexivit/patch-schemes";
import { expect, it } from "vitest";
import { atEveryScheme } from "./index.ts";

it("atEveryScheme names each figure by its scheme, one scheme at a time", async () => {
  let running = 0;
  const schemes = ["12", "12x10", "6/3"].map(parseScheme);
  const figures = await atEveryScheme(schemes, async ({ patchSize: [height, width], stride }) => {
    expect(++running).toBe(1);
    await new Promise(setImmediate);
    running--;
    return { accuracy: height / 100, width: width + stride[1] };
  });
  expect(figures).toEqual({ "accuracy/12": 0.12, "width/12": 24, "accuracy/12x10": 0.12, "width/12x10": 20, "accuracy/6x6/3x3": 0.06, "width/6x6/3x3": 9 });
});
