import { expect, it } from "vitest";
import { overlapTable, projectedEfficiency, projectionTable, scalingTable, type Scaling, type Times } from "./table.ts";

const times = (stepMs: number[]): Times => ({ stepMs, cpuMs: stepMs.map((ms) => ms / 2 + 200), waitMs: [90, 100], bytes: 88e6, sumMs: [70, 80, 60], engine: "" });
const scaling: Scaling = { variant: "S", pictures: 8, ranks: 2, one: times([1900, 2000, 2500]), several: times([2400, 2600]) };

it("efficiency is the step of one rank over that of all", () => {
  expect(scalingTable([scaling]).split("\n")[2]).toBe("| ViT-S/16 | 8 | 2 | 2000 | 2500 | 80.0 % | 1200 | 1450 | 82.8 % | 88 | 95 | 70 |");
});

it("88 MB over 10 Gb/s between two machines take 70.4 ms, of which an overlap hides what it can", () => {
  expect(projectedEfficiency(704, 88e6, 10, 2, 0)).toBeCloseTo(704 / 774.4, 12);
  expect(projectedEfficiency(704, 88e6, 10, 2, 0.05)).toBeCloseTo(704 / (704 + 35.2), 12);
  expect(projectedEfficiency(704, 88e6, 10, 2, 2 / 3)).toBe(1);
  expect(projectedEfficiency(704, 88e6, 10, 64, 0)).toBeCloseTo(704 / (704 + 140.8 * (63 / 64)), 12);
});

it("the projection has a row per link", () => {
  // A step of 1200 ms: 704 ms over 1 Gb/s between two machines, of which 2/3 of the step, 800 ms, hide all.
  const [, , first, ...others] = projectionTable([scaling]).split("\n");
  expect(first).toBe("| ViT-S/16, 8 | 1 Gb/s Ethernet | 63.0 % (100.0 %) | 49.3 % (73.5 %) | 46.4 % (67.2 %) |");
  expect(others).toHaveLength(3);
});

it("steps of 15 ms after which come steps of 20 ms are 25 % shorter, in 6 pairs of which the last differs", () => {
  const stepMs = [15, 20, 15, 20, 15, 20, 15, 20, 15, 20, 22, 20, 99];
  expect(overlapTable([{ link: "1 Gb/s", stepMs }]).split("\n")[2]).toBe("| 1 Gb/s | 6 | 15 ms | 20 ms | -25.0 % | -25.0 % to +10.0 % |");
});
