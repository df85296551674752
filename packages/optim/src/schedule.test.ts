import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { type Schedule, scheduleAt } from "./index.ts";

const traces = await readFixture("losses-optim.npz");
const ramps = { totalSteps: 40 };

describe("scheduleAt", () => {
  // The references are float32 (relative 6e-8) of base 0.3; our factor is float64.
  const base = 0.3;
  const cases: [string, number, Schedule][] = [
    ["cosine", base, { kind: "cosine", warmupSteps: 7, ...ramps }],
    ["cosine_nowarmup", base, { kind: "cosine", ...ramps }],
    // 10 % of 40 steps; the base times batch 64 / 256
    ["cosine_percent_scaled", base / 4, { kind: "cosine", warmupSteps: 4, ...ramps }],
    ["rsqrt", base, { kind: "rsqrt", warmupSteps: 5, timescale: 10, ...ramps }],
    ["rsqrt_shift_cooldown", base, { kind: "rsqrt", warmupSteps: 5, timescale: 15, shift: 3, cooldownSteps: 8, ...ramps }],
    ["linear", base, { kind: "linear", warmupSteps: 4, ...ramps }],
    ["linear_end", base, { kind: "linear", warmupSteps: 4, end: 0.05 / base, ...ramps }],
    [
      "stair",
      base,
      {
        kind: "stairs",
        stairs: [
          { fromStep: 10, factor: 0.5 },
          { fromStep: 20, factor: 0.1 },
          { fromStep: 30, factor: 0.02 },
        ],
        warmupSteps: 3,
        ...ramps,
      },
    ],
    // half an epoch of 640 / 64 steps
    ["polynomial", base, { kind: "linear", warmupSteps: 5, power: 2, end: 0.01 / base, ...ramps }],
  ];
  it.each(cases)("equals big_vision's %s at all 41 steps", (name, base, schedule) => {
    const expected = traces[`schedule/${name}`];
    const got = Array.from({ length: 41 }, (_, step) => base * scheduleAt(schedule, step));
    expectClose(got, expected, { relative: 3e-7 });
  });

  it("covers every schedule of the fixture", () => {
    const recorded = Object.keys(traces).filter((key) => key.startsWith("schedule/"));
    expect(cases.map(([name]) => `schedule/${name}`).toSorted()).toEqual(recorded.toSorted());
  });

  it("is 1 throughout when constant, but for its ramps", () => {
    const schedule: Schedule = { kind: "constant", totalSteps: 10, warmupSteps: 4, cooldownSteps: 2 };
    const got = Array.from({ length: 12 }, (_, step) => scheduleAt(schedule, step));
    expect(got).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.5, 0, 0]);
  });

  it("refuses an unknown kind and lists the known ones", () => {
    expect(() => scheduleAt({ kind: "step", totalSteps: 5 } as unknown as Schedule, 0)).toThrow(
      new Error(
        'scheduleAt(schedule): expected kind "constant", "cosine", "linear", "rsqrt" or "stairs", got "step". Choose one of them.',
      ),
    );
  });

  it.each<[string, Schedule, string]>([
    ["a timescale of 0", { kind: "rsqrt", timescale: 0, ...ramps }, "timescale): expected a number above 0, got 0. Correct the schedule."],
    ["a negative shift", { kind: "rsqrt", shift: -1, ...ramps }, "shift): expected a number of at least 0, got -1. Correct the schedule."],
    ["a negative end", { kind: "linear", end: -0.1, ...ramps }, "end): expected a number of at least 0, got -0.1. Correct the schedule."],
    ["a power of 0", { kind: "linear", power: 0, ...ramps }, "power): expected a number above 0, got 0. Correct the schedule."],
    [
      "a factor that is no number",
      { kind: "stairs", stairs: [{ fromStep: 0, factor: Number.NaN }], ...ramps },
      "stairs[0].factor): expected a number of at least 0, got NaN. Correct the schedule.",
    ],
    [
      "stairs out of order",
      { kind: "stairs", stairs: [20, 10].map((fromStep) => ({ fromStep, factor: 0.5 })), ...ramps },
      "stairs[1].fromStep): expected a step above 20, where the stair before it begins, got 10. Sort the stairs.",
    ],
  ])("refuses %s", (_, schedule, message) => {
    expect(() => scheduleAt(schedule, 0)).toThrow(new Error(`scheduleAt(schedule.${message}`));
  });

  it("refuses ramps that do not fit", () => {
    expect(() => scheduleAt({ kind: "cosine", totalSteps: 5, warmupSteps: 5 }, 0)).toThrow(
      new Error(
        "scheduleAt(schedule): expected warmupSteps below and cooldownSteps within totalSteps 5, got 5 and 0. " +
          "Shorten them or train longer.",
      ),
    );
  });
});
