import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWandbFile } from "@flexivit/testing/wandb";
import { expect, it } from "vitest";
import { catchUp, closeFile, confirm, openShipment } from "./shipment.ts";

const target = { baseUrl: "http://here", project: "p" };
const event = (name: string, more = ""): string => `{"event":"${name}","time":0,"at":"2025-01-01T00:00:00Z"${more}}\n`;
const rows = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `{"step":${from + i},"time":1,"a":${from + i}}\n`).join("");

function newRun(log: string): string {
  const folder = mkdtempSync(join(tmpdir(), "shipment-"));
  writeFileSync(join(folder, "config.json"), '{"format":1,"id":"a1","name":"n","tags":[],"createdAt":"2025-01-01T00:00:00Z","config":{}}');
  writeFileSync(join(folder, "log.jsonl"), event("open") + log);
  return folder;
}

const stepsIn = (file: string): number[] => readWandbFile(readFileSync(file)).history.map(({ _step }) => Number(_step));

it("a log of 200,000 rows that is there at the start is taken up whole", async () => {
  const shipment = await openShipment(newRun(rows(0, 200_000)), target);
  closeFile(shipment);
  const { history, summary } = readWandbFile(readFileSync(shipment.paths.file));
  expect(history).toHaveLength(200_000);
  expect(history.at(-1)).toMatchObject({ a: "199999" });
  expect(summary).toMatchObject({ a: "199999", _wandb: '{"runtime":1}' });
});

it("the file holds what is not confirmed, and is written anew only where half of it is", async () => {
  const shipment = await openShipment(newRun(rows(0, 10)), target);
  const { file } = shipment.paths;
  confirm(shipment, 4);
  expect(stepsIn(file)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  confirm(shipment, 5);
  expect(stepsIn(file)).toEqual([5, 6, 7, 8, 9]);
  appendFileSync(join(shipment.folder, "log.jsonl"), rows(10, 12));
  await catchUp(shipment);
  confirm(shipment, 6);
  closeFile(shipment);
  expect(stepsIn(file)).toEqual([6, 7, 8, 9, 10, 11]);
});

it("a confirmation that comes after the end changes nothing", async () => {
  const shipment = await openShipment(newRun(rows(0, 4) + event("finish", ',"status":"failed"')), target);
  closeFile(shipment);
  confirm(shipment, 4);
  const { records } = readWandbFile(readFileSync(shipment.paths.file));
  expect(records.at(-1)).toMatchObject({ kind: 18, content: { 1: [1n] } });
  expect(stepsIn(shipment.paths.file)).toEqual([0, 1, 2, 3]);
});
