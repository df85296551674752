/** Two ranks as processes of their own, over the Open MPI of this machine or of the per-user cache. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findMpi, installMpi } from "./index.ts";

let missing: string | undefined;
beforeAll(async () => {
  const mpi = findMpi() ? undefined : await installMpi();
  if (mpi?.installed === false) missing = `${mpi.reason}. ${mpi.remedy}`;
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(`no Open MPI: ${missing}`);
});

type Job = { child: ChildProcess; end: Promise<{ code: number; out: string }>; said: (count: number, text: string) => Promise<void> };

function startTwoRanks(mode?: string): Job {
  const launcher = fileURLToPath(new URL("../test-support/launcher.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@flexivit/source", launcher, ...(mode ? [mode] : [])]);
  let out = "";
  child.stdout.on("data", (text) => (out += text));
  const end = once(child, "close").then(([code]) => ({ code: code as number, out }));
  const said = async (count: number, text: string): Promise<void> => {
    while (out.split(text).length <= count) await once(child.stdout, "data");
  };
  return { child, end, said };
}

const linesOf = (out: string, start: string): string[] => out.split("\n").filter((line) => line.startsWith(start)).toSorted();

describe("two ranks under mpirun", () => {
  it("add floats in place, also while they compute, hear each other's values and bytes, and share 8 cores", async () => {
    const { code, out } = await startTwoRanks().end;
    const both = { size: 2, values: [3, 30, 1], long: [3, 3], bytes: [1, 6, 7], heard: [0, 0.25], early: [6, true, 1, 3, 3, 6, 6, 9, 9], threads: 4 };
    expect(linesOf(out, "{").map((line) => JSON.parse(line) as unknown)).toEqual([{ rank: 0, ...both }, { rank: 1, ...both }]);
    expect(code).toBe(0);
  });

  it.each([
    ["fail", "aborts with code 7 amid a sum", 7],
    ["kill", "is killed by SIGKILL", 137],
  ])("%s: all end where one %s, with code %i", async (mode, _how, code) => {
    expect((await startTwoRanks(mode).end).code).toBe(code);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("hear of a %s to the launcher and leave in good order", async (signal) => {
    const { child, end, said } = startTwoRanks("wait");
    await said(2, "waits");
    child.kill(signal);
    const { code, out } = await end;
    expect([code, linesOf(out, "stopped")]).toEqual([0, ["stopped in good order", "stopped in good order"]]);
  });
});
