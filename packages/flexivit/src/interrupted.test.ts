/** The program as a process of its own, killed and interrupted while it trains. */
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "@flexivit/run-log";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { startFlexivit, stepsIn, untilSteps, type Outcome } from "../test-support/program.ts";

const steps = 60;
let pictures: string;
let unbroken: Buffer;

const recipe =
  `train --variant mu --image-size 24 --patch-sizes 12,8,6,4 --steps ${steps} --batch-size 8 --accumulate 2 ` +
  "--mixup 0.2 --ema 0.9 --seed 5 --checkpoint-every 7 --evaluate-every 30";
const flags = (out: string): string[] => [...recipe.split(" "), "--data", pictures, "--out", out];

const newOut = (): Promise<string> => mkdtemp(join(tmpdir(), "flexivit-killed-"));
const modelOf = (out: string): Promise<Buffer> => readFile(join(out, "flexible", "model.safetensors"));
const run = (out: string, ...more: string[]): Promise<Outcome> => startFlexivit([...flags(out), ...more]).end;

beforeAll(async () => {
  pictures = await pictureFolder(6);
  const out = await newOut();
  await run(out);
  unbroken = await modelOf(out);
});

describe("a training", () => {
  it("killed by SIGKILL at three of its 60 steps and resumed ends with the same bytes as an unbroken one", async () => {
    const out = await newOut();
    const folder = join(out, "flexible");
    const killedAt: number[] = [];
    for (const newSteps of [4, 12, 15]) {
      // Rows that an earlier kill made void stay in the file.
      const before = stepsIn(folder);
      const { send, end } = startFlexivit([...flags(out), ...(before > 0 ? ["--resume"] : [])]);
      await untilSteps(folder, before + newSteps);
      send("SIGKILL");
      expect((await end).code).toBeNull();
      const { rows, summary } = await readRun(folder);
      killedAt.push(Number(rows.at(-1)?.step));
      expect(summary.status).toBe("running");
    }
    expect(killedAt[0]).toBeGreaterThanOrEqual(4);
    expect(killedAt[2]).toBeGreaterThan(killedAt[0]);
    expect((await run(out, "--resume")).code).toBe(0);
    expect((await modelOf(out)).equals(unbroken)).toBe(true);
    const { series } = await readRun(folder);
    expect(series("loss").map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  });

  it("interrupted by Ctrl-C finishes its step, saves, tells how to go on, and exits with 130", async () => {
    const out = await newOut();
    const folder = join(out, "flexible");
    const { send, end } = startFlexivit(flags(out));
    await untilSteps(folder, 9);
    send("SIGINT");
    const { code, out: result, err } = await end;
    const last = stepsIn(folder);
    expect([code, result]).toEqual([130, ""]);
    expect(err).toContain("Ctrl-C: finishing this step, then saving. Press Ctrl-C again to leave at once.\n");
    expect(err.split("\n").at(-2)).toBe(`Stopped after step ${last} of 60. To go on, run the same command with --resume.`);
    expect((await readdir(join(folder, "checkpoints"))).at(-1)).toBe(`step-${String(last).padStart(8, "0")}.safetensors`);
    expect((await readRun(folder)).summary.status).toBe("stopped");
    expect((await run(out, "--resume")).code).toBe(0);
    expect((await modelOf(out)).equals(unbroken)).toBe(true);
  });
});
