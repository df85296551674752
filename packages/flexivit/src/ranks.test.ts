/** Two ranks that train together as programs of their own, over Open MPI: stopped, killed and resumed. */
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "@flexivit/run-log";
import { findMpi, installMpi } from "@flexivit/parallel";
import { expectClose } from "@flexivit/testing";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { startFlexivit, stepsIn, untilSteps, type Outcome } from "../test-support/program.ts";
import { loadModel } from "./model-file.ts";
import { leaves } from "@flexivit/params";

const steps = 24;
let pictures: string;
let missing: string | undefined;

const recipe =
  `train --variant mu --image-size 24 --patch-sizes 12,8,6,4 --steps ${steps} --batch-size 8 --accumulate 2 --threads 1 ` +
  "--mixup 0.2 --ema 0.9 --seed 5 --checkpoint-every 5 --evaluate-every 12";
const flags = (out: string, ranks: number): string[] => [...recipe.split(" "), "--data", pictures, "--out", out, "--ranks", String(ranks)];
const newOut = (): Promise<string> => mkdtemp(join(tmpdir(), "flexivit-ranks-"));
const modelOf = (out: string): Promise<Buffer> => readFile(join(out, "flexible", "model.safetensors"));
const run = (out: string, ranks: number, ...more: string[]): Promise<Outcome> => startFlexivit([...flags(out, ranks), ...more]).end;

let unbroken: { out: string; model: Buffer };

beforeAll(async () => {
  const mpi = findMpi() ? undefined : await installMpi();
  if (mpi?.installed === false) return void (missing = `${mpi.reason}. ${mpi.remedy}`);
  pictures = await pictureFolder(6);
  const out = await newOut();
  const { code, err } = await run(out, 2);
  if (code !== 0) throw new Error(err);
  unbroken = { out, model: await modelOf(out) };
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(`no Open MPI: ${missing}`);
});

describe("flexivit train --ranks 2", () => {
  it("has the losses, figures and weights of one process, to float32 noise", async () => {
    const out = await newOut();
    expect((await run(out, 1)).code).toBe(0);
    const [one, two] = await Promise.all([out, unbroken.out].map((folder) => readRun(join(folder, "flexible"))));
    const losses = [one, two].map(({ series }) => series("loss").map(({ value }) => Number(value)));
    expect(losses[1]).toHaveLength(steps);
    // Losses are summed in float32 over ranks and in double over the parts of one process: roundings of 6e-8.
    expectClose(losses[1], losses[0], { relative: 1e-6 });
    expect(Object.keys(two.summary.values)).toEqual(Object.keys(one.summary.values));
    expectClose(Object.values(two.summary.values) as number[], Object.values(one.summary.values) as number[], { relative: 1e-6 });
    const models = await Promise.all([out, unbroken.out].map((folder) => loadModel(join(folder, "flexible", "model.safetensors"))));
    const [ofOne, ofTwo] = models.map(({ params }) => leaves(params));
    for (const [i, { tensor }] of ofTwo.entries()) expectClose(tensor, ofOne[i].tensor, { relative: 1e-5 });
    for (const { tensor } of [...ofOne, ...ofTwo]) tensor.dispose();
  });

  it("ends with a code other than 0 where a rank is killed, and resumes to the same bytes as an unbroken run", async () => {
    const out = await newOut();
    const folder = join(out, "flexible");
    const { end } = startFlexivit(flags(out, 2));
    await untilSteps(folder, 7);
    process.kill(await rankOf(out, 1), "SIGKILL");
    const { code } = await end;
    expect(code).toBe(137);
    expect(stepsIn(folder)).toBeLessThan(steps);
    expect((await readdir(join(folder, "checkpoints"))).length).toBeGreaterThan(0);
    expect((await run(out, 2, "--resume")).code).toBe(0);
    expect((await modelOf(out)).equals(unbroken.model)).toBe(true);
  });

  it("interrupted by Ctrl-C saves on rank 0 alone, exits with 130, and resumes to the same bytes", async () => {
    const out = await newOut();
    const folder = join(out, "flexible");
    const { send, end } = startFlexivit(flags(out, 2));
    await untilSteps(folder, 7);
    send("SIGINT");
    const { code, out: result, err } = await end;
    expect([code, result]).toEqual([130, ""]);
    const last = stepsIn(folder);
    expect(err.match(/finishing this step, then saving/g)).toHaveLength(1);
    expect(err).toContain(`Stopped after step ${last} of ${steps}. To go on, run the same command with --resume.\n`);
    expect((await readdir(join(folder, "checkpoints"))).at(-1)).toBe(`step-${String(last).padStart(8, "0")}.safetensors`);
    expect((await run(out, 2, "--resume")).code).toBe(0);
    expect((await modelOf(out)).equals(unbroken.model)).toBe(true);
  });

  it("passes on the one error of a rank, and refuses fewer parts than ranks", async () => {
    const { code, err } = await run(await newOut(), 2, "--accumulate", "1");
    expect(code).toBe(1);
    expect(err).toContain("train(accumulate): expected at least 2 parts of a batch, one for each rank, got 1. Split a batch into more parts.\n");
  });
});

/** The process that is rank `rank` of the training that writes to `out`. */
async function rankOf(out: string, rank: number): Promise<number> {
  for (const name of await readdir("/proc")) {
    const [command, environment] = await Promise.all(["cmdline", "environ"].map((file) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "")));
    const isRank = environment.split("\0").includes(`OMPI_COMM_WORLD_RANK=${rank}`);
    if (isRank && command.split("\0").includes(out)) return Number(name);
  }
  throw new Error(`rankOf(rank): expected a process that is rank ${rank}, got none.`);
}
