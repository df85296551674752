import { expect, it } from "vitest";
import { noLogger, teeLogger, type Logger, type Row } from "./logger.ts";

function recorder(name: string, calls: unknown[]): Logger {
  return {
    log: (row, step) => calls.push([name, "log", row, step]),
    summary: (values) => calls.push([name, "summary", values]),
    finish: async (status) => {
      calls.push([name, "finish", status]);
    },
  };
}

it("noLogger takes everything and does nothing", async () => {
  const row: Row = Object.freeze({ loss: 1 });
  noLogger.log(row, 1);
  noLogger.summary(row);
  noLogger.artifact({ kind: "checkpoint", path: "a" });
  noLogger.resumeFrom(3);
  await expect(noLogger.finish("finished")).resolves.toBeUndefined();
});

it("teeLogger passes everything on in order, also to loggers without the optional methods", async () => {
  const calls: unknown[] = [];
  const tee = teeLogger(recorder("a", calls), recorder("b", calls));
  tee.log({ loss: 2 }, 7);
  tee.summary({ best: 3 });
  tee.artifact({ kind: "checkpoint", path: "p" });
  tee.resumeFrom(5);
  await tee.finish("stopped");
  expect(calls).toEqual([
    ["a", "log", { loss: 2 }, 7],
    ["b", "log", { loss: 2 }, 7],
    ["a", "summary", { best: 3 }],
    ["b", "summary", { best: 3 }],
    ["a", "finish", "stopped"],
    ["b", "finish", "stopped"],
  ]);
});

it("teeLogger finishes all loggers before it tells that one failed", async () => {
  const calls: unknown[] = [];
  const failing = { ...noLogger, finish: () => Promise.reject(new Error("disk gone")) };
  await expect(teeLogger(failing, recorder("b", calls)).finish("finished")).rejects.toThrow("disk gone");
  expect(calls).toEqual([["b", "finish", "finished"]]);
});
