import { execFileSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { durationText } from "./duration.ts";
import { progressLine, type ProgressStream } from "./progress.ts";

/** A stream that keeps what is written, and a clock that moves when told to. */
function watched(stream: Partial<ProgressStream> = {}) {
  const clock = { ms: 0 };
  const written: string[] = [];
  return { clock, written, stream: { ...stream, write: (text: string) => written.push(text) }, now: () => clock.ms };
}

const live = { isTTY: true, columns: 100 };

describe("on a terminal", () => {
  it("shows label, bar, share, step, values and the time left, in one line drawn in place", () => {
    const { clock, written, stream, now } = watched(live);
    const line = progressLine({ total: 200, label: "flexible", stream, now });
    line.update({ step: 0 });
    clock.ms = 10_000;
    line.update({ step: 50, loss: 0.123456, imagesPerSecond: 312.4, patchSize: "12x10" });
    expect(written.at(-1)).toBe(
      "\rflexible  ██████░░░░░░░░░░░░░░░░░░  25 %  50/200  loss 0.123  312 images/s  patch 12x10  30 s left\u001B[K",
    );
    clock.ms = 45_000;
    line.update({ step: 200, loss: 0.1 });
    line.finish();
    expect(written.slice(-2)).toEqual(["\rflexible  ████████████████████████  100 %  200/200  loss 0.100  in 45 s\u001B[K", "\n"]);
  });

  it("is redrawn at most ten times a second", () => {
    const { clock, written, stream, now } = watched(live);
    const line = progressLine({ total: 10_000, stream, now });
    for (let step = 0; step < 2000; step++, clock.ms++) line.update({ step });
    expect(written).toHaveLength(20);
  });

  it("never exceeds the width: the bar shrinks, then values go", () => {
    const text = (columns: number) => {
      const { written, stream, now } = watched({ isTTY: true, columns });
      progressLine({ total: 9, label: "fixed at 8", stream, now }).update({ step: 3, loss: 0.5, gradientNorm: 1.25 });
      return written[0].slice(1, -3);
    };
    expect(text(80)).toContain("████████░░░░░░░░░░░░░░░░");
    expect(text(70)).toContain("  ████░░░░░░░░  ");
    expect(text(55)).toBe("fixed at 8  33 %  3/9  loss 0.500  gradientNorm 1.25");
    expect(text(40)).toBe("fixed at 8  33 %  3/9  loss 0.500");
    for (let columns = 2; columns < 120; columns++) expect([...text(columns)].length).toBeLessThan(columns);
  });

  it("prints other lines above itself", () => {
    const { written, stream, now } = watched(live);
    const line = progressLine({ total: 4, stream, now });
    line.update({ step: 1 });
    line.print("checkpoint saved");
    expect(written[1]).toBe("\r\u001B[Kcheckpoint saved\n");
    expect(written[2]).toBe(written[0]);
  });

  it("tells the time left by the pace so far, so that one long pause changes it little", () => {
    const { clock, written, stream, now } = watched(live);
    const line = progressLine({ total: 1000, stream, now });
    for (let step = 0; step <= 100; step++, clock.ms += 1000) line.update({ step });
    expect(written.at(-1)).toContain("15 min 00 s left");
    clock.ms += 60_000; // an evaluation
    line.update({ step: 101 });
    expect(written.at(-1)).toContain("23 min 53 s left"); // 899 x 161 s / 101
    for (let step = 102; step <= 500; step++, clock.ms += 500) line.update({ step });
    expect(written.at(-1)).toContain("6 min 00 s left"); // 500 x 360 s / 500, the last tick included
  });
});

describe("elsewhere", () => {
  it("prints whole lines, one every ten percent or ten seconds, without control characters", () => {
    const { clock, written, stream, now } = watched();
    const line = progressLine({ total: 1000, label: "flexible", stream, now });
    for (let step = 0; step <= 1000; step++, clock.ms += 20) line.update({ step, loss: 1 });
    line.finish();
    expect(written.map((text) => text.match(/\d+ %/)![0])).toEqual(Array.from({ length: 11 }, (_, index) => `${10 * index} %`));
    expect(written[5]).toBe("flexible  50 %  500/1000  loss 1  10 s left\n");
    const slow = watched();
    const slowLine = progressLine({ total: 1000, stream: slow.stream, now: slow.now });
    for (let step = 0; step < 60; step++, slow.clock.ms += 1000) slowLine.update({ step });
    expect(slow.written).toHaveLength(6);
  });

  it("says the last state at the end where it was not yet said", () => {
    const { written, stream, now } = watched();
    const line = progressLine({ total: 100, stream, now });
    line.update({ step: 1 });
    line.update({ step: 2, loss: 3 });
    line.finish();
    line.finish();
    expect(written.slice(1).join("")).toMatch(/^2 %  2\/100  loss 3.*\n$/);
  });

  it("never throws: neither on a stream that throws nor on one that emits errors", () => {
    const failing = Object.assign(new EventEmitter(), {
      write: () => {
        throw new Error("closed");
      },
    });
    const line = progressLine({ total: 3, stream: failing });
    line.update({ step: 1 });
    expect(failing.emit("error", new Error("EPIPE"))).toBe(true);
    line.finish();
    for (let i = 0; i < 20; i++) progressLine({ total: 3, stream: failing });
    expect(failing.listenerCount("error")).toBe(1);
  });

  it("lets a process whose reader went away finish its work", () => {
    const module = JSON.stringify(new URL("./progress.ts", import.meta.url).href);
    const program = `
      import { progressLine } from ${module};
      const line = progressLine({ total: 3, stream: process.stdout });
      for (let step = 0; step <= 3; step++) { line.update({ step }); line.print("x"); await new Promise((r) => setTimeout(r, 100)); }
      process.stderr.write("work done");`;
    const pipeline = `"${process.execPath}" --input-type=module -e "$PROGRAM" 2>&1 >/dev/null | cat; "${process.execPath}" --input-type=module -e "$PROGRAM" 2>"$RESULT" | true; cat "$RESULT"`;
    const out = execFileSync("bash", ["-c", `RESULT=$(mktemp); ${pipeline}`], { env: { ...process.env, PROGRAM: program }, encoding: "utf8" });
    expect(out).toBe("work donework done");
  });
});

it("durations have at most two units", () => {
  expect([0.4, 59.4, 59.6, 65, 3599.6, 7380].map(durationText)).toEqual(["0 s", "59 s", "1 min 00 s", "1 min 05 s", "1 h 00 min", "2 h 03 min"]);
});
