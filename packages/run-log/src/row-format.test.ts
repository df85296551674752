import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeLine, decodeValue, encodeRow, encodeValue } from "./row-format.ts";

describe("the lines of log.jsonl", () => {
  it("give back every number and every text exactly: NaN, infinities, -0 and texts that look like them included", () => {
    const value = fc.oneof(fc.double(), fc.string(), fc.constantFrom("NaN", "Infinity", "-Infinity", "text:", "text:NaN", -0));
    const name = fc.string().filter((name) => !["step", "time", "event", "__proto__"].includes(name));
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.nat(), (row, step) => {
        expect(decodeLine(encodeRow(row, step, 1.5))).toEqual({ step, time: 1.5, ...row });
      }),
    );
  });

  it("are plain JSON with step, time and the named values, and non-finite numbers as W&B's client writes them", () => {
    const row = { loss: Number.NaN, high: Number.POSITIVE_INFINITY, low: Number.NEGATIVE_INFINITY, zero: -0, patchSize: "12x10", note: "NaN" };
    expect(encodeRow(row, 3, 0.25)).toBe(
      '{"step":3,"time":0.25,"loss":"NaN","high":"Infinity","low":"-Infinity","zero":-0,"patchSize":"12x10","note":"text:NaN"}',
    );
  });

  it("count as damaged where they are cut, not an object, or without step or time", () => {
    for (const line of ['{"step":3,"time":0.2', "", "null", "7", '"text"', '{"step":3}', '{"time":3}', "\0\0\0"]) {
      expect([line, decodeLine(line)]).toEqual([line, undefined]);
    }
  });

  it("refuse names that the format uses itself", () => {
    expect(() => encodeRow({ time: 3 }, 1, 0)).toThrow(
      new Error('log(row): expected names other than step, time, event, got "time". Rename the value.'),
    );
  });

  it("refuse values that are neither number nor text", () => {
    for (const [value, got] of [[undefined, "undefined"], [null, "null"], [new Float32Array(2), "object"]]) {
      expect(() => encodeRow({ loss: value as unknown as number }, 1, 0)).toThrow(
        new Error(`log(row): expected a number or a text for "loss", got ${got}. Convert it first, or leave it out.`),
      );
    }
  });
});

describe("a config on disk", () => {
  it("keeps infinities and texts at any depth", () => {
    const config = { clip: Number.POSITIVE_INFINITY, name: "Infinity", deep: { list: [1, Number.NaN, "text:x", null, true] } };
    expect(decodeValue(JSON.parse(JSON.stringify(encodeValue(config))))).toEqual(config);
  });

  it("takes typed arrays as lists, and dates as JSON does", () => {
    expect(encodeValue({ at: new Date(0) })).toEqual({ at: "1970-01-01T00:00:00.000Z" });
    expect(encodeValue({ mean: new Float32Array([0.5, 2]) })).toEqual({ mean: [0.5, 2] });
  });
});
