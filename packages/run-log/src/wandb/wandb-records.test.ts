import { readFileSync } from "node:fs";
import { readProtobuf } from "@flexivit/testing/wandb";
import { expect, it } from "vitest";
import { message } from "./protobuf.ts";
import { exitRecord, filesRecord, headerRecord, historyRecord, runRecord, summaryRecord } from "./wandb-records.ts";

const fixture = new URL("../../../testing/fixtures/run-log/records.json", import.meta.url);

it("records of every kind are byte for byte those that protobuf makes of W&B's own definitions", () => {
  const run = {
    id: "abc12345",
    entity: "e",
    project: "p",
    config: { rate: "0.5", sizes: "[8,12]" },
    group: "g",
    jobType: "train",
    name: "first",
    notes: "n",
    tags: ["a", "b"],
    host: "host",
    createdAt: "2025-01-01T00:00:00.700Z",
  };
  const records = {
    header: headerRecord(),
    run: runRecord(run),
    history: historyRecord(300_000, { loss: "0.5", size: '"12x10"' }),
    summary: summaryRecord({ best: "NaN" }),
    files: filesRecord(["report.html"]),
    exit: exitRecord(130, 7.4),
  };
  const hex = Object.fromEntries(Object.entries(records).map(([name, bytes]) => [name, bytes.toString("hex")]));
  expect(hex).toEqual(JSON.parse(readFileSync(fixture, "utf8")));
});

it("whole numbers up to 2^53 - 1 and texts beyond ASCII come back from a message", () => {
  for (const value of [0, 1, 127, 128, 16_384, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
    expect(readProtobuf(message([3, value]))).toEqual({ 3: [BigInt(value)] });
  }
  expect(String(readProtobuf(message([200, "Größe 12×10"]))[200]![0])).toBe("Größe 12×10");
});
