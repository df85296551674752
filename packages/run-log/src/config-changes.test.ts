import { describe, expect, it } from "vitest";
import { configChanges, flattenConfig, refuseChanges } from "./config-changes.ts";

describe("configChanges", () => {
  it("is empty for equal configs, whatever the order of their keys", () => {
    expect(configChanges({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 })).toEqual([]);
  });

  it("lists every leaf that differs, is new or is gone, with both values", () => {
    const before = { steps: 100, model: { depth: 3, dim: 5 }, sizes: [8, 12] };
    const now = { steps: 100, model: { depth: 7, heads: 2 }, sizes: [8, 16] };
    expect(configChanges(before, now)).toEqual([
      { key: "model.depth", before: 3, now: 7 },
      { key: "model.dim", before: 5, now: undefined },
      { key: "sizes", before: [8, 12], now: [8, 16] },
      { key: "model.heads", before: undefined, now: 2 },
    ]);
  });

  it("tells null, false, 0 and an empty object apart", () => {
    const values = [null, false, 0, {}, "0"];
    for (const before of values) {
      for (const now of values) expect(configChanges({ a: before }, { a: now })).toHaveLength(before === now ? 0 : 1);
    }
  });
});

it("flattenConfig names leaves by their dotted path", () => {
  expect([...flattenConfig({ a: { b: { c: 2 } }, d: [3], e: {} })]).toEqual([["a.b.c", 2], ["d", [3]], ["e", {}]]);
});

describe("refuseChanges", () => {
  const changes = configChanges({ seed: 1, schedule: { steps: 10 } }, { seed: 2, schedule: { steps: 20 } });

  it("lists the keys that may not differ with both values", () => {
    expect(() => refuseChanges(changes, [], "runs/a")).toThrow(
      new Error(
        "openRun(config): expected the config of the run in runs/a, got other values:\n" +
          "  seed: 1 in the run, 2 now\n" +
          "  schedule.steps: 10 in the run, 20 now\n" +
          "Resume with the run's own values, allow these keys to change, or start a new run in another folder.",
      ),
    );
  });

  it("allows a key by its own path or a parent's, not by a part of its name", () => {
    expect(() => refuseChanges(changes, ["seed", "schedule"], "runs/a")).not.toThrow();
    expect(() => refuseChanges(changes, ["seed", "schedule.steps"], "runs/a")).not.toThrow();
    expect(() => refuseChanges(changes, ["seed", "sched"], "runs/a")).toThrow("schedule.steps: 10");
  });
});
