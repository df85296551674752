import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fixturePath } from "./fixtures.ts";
import { readWandbFile } from "./wandb-file.ts";

const official = readFileSync(fixturePath("run-log/official.wandb"));

test("a file that W&B's own client wrote is read as it was logged: 4 lines, one of them over two blocks", () => {
  const { records, history, summary } = readWandbFile(official);
  expect([records[0]!.kind, records[1]!.kind, records.at(-1)!.kind]).toEqual([21, 17, 18]);
  expect(history.map(({ _step }) => _step)).toEqual(["3", "4", "5", "6"]);
  expect(history[0]).toMatchObject({ loss: "0.5", nan: "NaN", up: "Infinity", down: "-Infinity", size: '"12x10"' });
  expect(history[1]).toMatchObject({ loss: "1e-07", zero: "-0" });
  expect(history[2]).toMatchObject({ "weights._type": '"histogram"', "weights.values": "[3,5]", "weights.bins": "[0,1,2]" });
  expect(history[3]!["text"]).toBe(JSON.stringify("x".repeat(33_000)));
  expect(summary).toMatchObject({ best: "0.25", loss: "1e-07" });
});

test("a changed byte is noticed", () => {
  const damaged = Buffer.from(official);
  damaged[100]! ^= 1;
  expect(() => readWandbFile(damaged)).toThrow(/a block at \d+ is damaged/);
});
