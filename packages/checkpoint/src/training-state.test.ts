import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { expectNoLeak } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "./index.ts";
import { latestTrainingState, loadTrainingState, saveTrainingState, type TrainingState } from "./training-state.ts";

const root = await mkdtemp(join(tmpdir(), "training-state-"));
let folders = 0;
const newFolder = (): string => join(root, `run-${folders++}`, "checkpoints");

/** A state whose every number tells its step. */
function stateAt(step: number, more: Partial<TrainingState> = {}): TrainingState {
  const tensor = (shift: number) => tf.tensor2d(Float32Array.from({ length: 6 }, (_, i) => step + shift + i / 7), [2, 3]);
  const trees = {
    params: { blocks: [{ kernel: tensor(0) }, { kernel: tensor(1) }] },
    average: { blocks: [{ kernel: tensor(2) }, { kernel: tensor(3) }] },
    slots: { "blocks/0/kernel": { mu: tensor(4), nu: tensor(5) } },
  };
  return { step, trees, metadata: { seed: 7, epoch: step / 8 }, ...more };
}

const names = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

async function flipByte(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  await writeFile(path, bytes);
}

describe("saveTrainingState and loadTrainingState", () => {
  it("give back trees, step, score and metadata", async () => {
    const folder = newFolder();
    const path = await saveTrainingState(folder, stateAt(1200, { score: 0.75 }));
    expect(path).toBe(join(folder, "step-00001200.safetensors"));
    const { trees, ...rest } = await loadTrainingState(folder);
    expect(rest).toEqual({ step: 1200, score: 0.75, metadata: { seed: 7, epoch: 150 }, path, refused: [] });
    const { params, average, slots } = trees as never as Record<string, { blocks: { kernel: tf.Tensor & { mu: tf.Tensor } }[] }>;
    expect(params["blocks"][1].kernel.dataSync()[0]).toBe(1201);
    expect(average["blocks"][0].kernel.dataSync()[0]).toBe(1202);
    expect(slots["blocks"][0].kernel.mu.dataSync()[0]).toBe(1204);
  });

  it("keep every bit: -0, subnormals, infinities, NaNs with payloads, int32 extremes", async () => {
    const folder = newFolder();
    const bits = Uint32Array.from([0x80000000, 1, 0x807fffff, 0x7f800000, 0xff800000, 0x7fc00001, 0xffffffff]);
    const trees = { a: tf.tensor1d(new Float32Array(bits.buffer)), b: tf.tensor1d([2 ** 31 - 1, -(2 ** 31)], "int32") };
    const stored = new Uint32Array(((await trees.a.data()) as Float32Array).slice().buffer);
    await saveTrainingState(folder, { step: 0, trees, metadata: {} });
    const loaded = (await loadTrainingState(folder)).trees as typeof trees;
    expect(new Uint32Array(loaded.a.dataSync<"float32">().slice().buffer)).toEqual(stored);
    expect(stored).toEqual(bits);
    expect(loaded.b.dataSync()).toEqual(trees.b.dataSync());
  });

  it("keep a tree without leaves, as an optimiser without slots has", async () => {
    const folder = newFolder();
    await saveTrainingState(folder, { step: 3, trees: { params: { a: tf.scalar(1) }, slots: {} }, metadata: {} });
    expect((await loadTrainingState(folder)).trees["slots"]).toEqual({});
  });

  it("write a .safetensors file that any reader opens", async () => {
    const path = await saveTrainingState(newFolder(), stateAt(5));
    const { entries } = await readSafetensors(path);
    expect(Object.keys(entries)).toContain("slots/blocks/0/kernel/nu");
  });

  it("leave no tensor behind but the trees, nor touch those saved", async () => {
    const folder = newFolder();
    const state = stateAt(1);
    await expectNoLeak(async () => {
      await saveTrainingState(folder, state);
      return (await loadTrainingState(folder)).trees as tf.TensorContainer;
    });
  });

  it("refuse what could not be found again", async () => {
    const save = async (state: Partial<TrainingState>, keep?: number) => await saveTrainingState(newFolder(), stateAt(1, state), { keep });
    await expect(save({ step: 1.5 })).rejects.toThrow(
      new Error("saveTrainingState(step): expected a whole number from 0, got 1.5. Count finished steps."),
    );
    await expect(save({ trees: { "a/b": {} } })).rejects.toThrow(
      new Error('saveTrainingState(trees): expected names without "/", got "a/b". Rename the tree.'),
    );
    await expect(save({ score: Number.NaN })).rejects.toThrow(
      new Error("saveTrainingState(score): expected a finite number, got NaN. Leave it out."),
    );
    await expect(save({}, 0)).rejects.toThrow(
      new Error("saveTrainingState(keep): expected a whole number from 1, got 0. Keep at least the newest."),
    );
    const empty = newFolder();
    await expect(loadTrainingState(empty)).rejects.toThrow(/^loadTrainingState\(file\): expected a readable file, got ENOENT/);
    await mkdir(empty, { recursive: true });
    await expect(loadTrainingState(empty)).rejects.toThrow(
      new Error(`loadTrainingState(folder): expected a state such as step-00001200.safetensors, got none in ${empty}. Start the run anew.`),
    );
  });

  it("say what is in the way where the folder cannot be made", async () => {
    const file = join(root, "a-file");
    await writeFile(file, "");
    await expect(saveTrainingState(join(file, "checkpoints"), stateAt(1))).rejects.toThrow(
      /^saveTrainingState\(folder\): expected a folder to write in, got ENOTDIR for .*a-file.checkpoints\. /,
    );
  });
});

describe("the folder", () => {
  it("keeps the newest two and the best, whatever its age", async () => {
    const folder = newFolder();
    const scores = [0.1, 0.9, 0.5, 0.9, 0.3, 0.2, 0.4];
    for (const [i, score] of scores.entries()) await saveTrainingState(folder, stateAt(i * 10, { score }));
    // Of two equally good ones the newer is kept.
    expect(await names(folder)).toEqual(["step-00000030.safetensors", "step-00000050.safetensors", "step-00000060.safetensors"]);
    await saveTrainingState(folder, stateAt(70, { score: 0.95 }));
    expect(await names(folder)).toEqual(["step-00000060.safetensors", "step-00000070.safetensors"]);
  });

  it("keeps as many as asked where nothing is scored, and other files always", async () => {
    const folder = newFolder();
    for (const step of [1, 2, 3, 4, 5]) await saveTrainingState(folder, stateAt(step), { keep: 3 });
    await writeFile(join(folder, "notes.txt"), "mine");
    await saveTrainingState(folder, stateAt(6), { keep: 1 });
    expect(await names(folder)).toEqual(["notes.txt", "step-00000006.safetensors"]);
  });

  it("never deletes the state just saved, though damaged ones of later steps are there", async () => {
    const folder = newFolder();
    for (const step of [80, 90, 100]) await saveTrainingState(folder, stateAt(step), { keep: 3 });
    for (const step of [90, 100]) await flipByte(join(folder, `step-00000${String(step).padStart(3, "0")}.safetensors`), -1);
    await saveTrainingState(folder, stateAt(85), { keep: 1 });
    expect((await latestTrainingState(folder))?.step).toBe(85);
  });

  it("clears what killed processes left half written", async () => {
    const folder = newFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, ".step-00000001.safetensors.x.partial"), "half");
    await saveTrainingState(folder, stateAt(2));
    expect(await names(folder)).toEqual(["step-00000002.safetensors"]);
  });
});

describe("latestTrainingState", () => {
  it("is undefined where nothing was saved yet", async () => {
    expect(await latestTrainingState(newFolder())).toBeUndefined();
  });

  it.each([
    ["a changed number", async (path: string) => await flipByte(path, -3)],
    ["a changed step in the header", async (path: string) => await flipByte(path, (await readFile(path)).indexOf("step") + 8)],
    ["a changed checksum", async (path: string) => await flipByte(path, (await readFile(path)).indexOf("sha256:") + 9)],
    ["a cut end", async (path: string) => await truncate(path, 700)],
    ["an empty file", async (path: string) => await truncate(path, 0)],
  ])("passes over %s in the newest file and says so", async (_name, damage) => {
    const folder = newFolder();
    const good = await saveTrainingState(folder, stateAt(7));
    const bad = await saveTrainingState(folder, stateAt(8));
    await damage(bad);
    const latest = await latestTrainingState(folder);
    expect(latest).toMatchObject({ path: good, step: 7, refused: [{ path: bad }] });
    expect(latest?.refused[0].reason).toMatch(/^latestTrainingState\(file\): expected .+, got .+ The file is cut, damaged or of another format/);
    expect((await loadTrainingState(folder)).step).toBe(7);
    await expect(loadTrainingState(bad)).rejects.toThrow(/^loadTrainingState\(file\): expected /);
  });

  it("throws where no state is whole, with each reason", async () => {
    const folder = newFolder();
    const path = await saveTrainingState(folder, stateAt(7));
    await truncate(path, 4);
    await expect(latestTrainingState(folder)).rejects.toThrow(
      new Error(
        `latestTrainingState(folder): expected a whole state, got 1 damaged in ${folder}. Start the run in another folder.\n` +
          `latestTrainingState(file): expected at least 8 bytes, got 4 in ${path}. ` +
          "The file is cut, damaged or of another format: fetch or write it again.",
      ),
    );
  });

  it("refuses other weights in place of a state", async () => {
    const folder = newFolder();
    await mkdir(folder, { recursive: true });
    const path = join(folder, "step-00000001.safetensors");
    const { saveParams } = await import("./index.ts");
    await saveParams(path, { a: tf.scalar(1) });
    await expect(loadTrainingState(path)).rejects.toThrow(
      `loadTrainingState(file): expected a training state with a checksum, got none in ${path}.`,
    );
  });
});

// Saves 4 MB states in a loop and says so; the first argument is the folder.
const saveInALoop = `
  import * as tf from "@tensorflow/tfjs-core";
  import { useEngine } from "@flexivit/engine";
  import { saveTrainingState } from "@flexivit/checkpoint/training-state";
  await useEngine({ prefer: "cpu" });
  for (let step = Number(process.argv[2]); ; step++) {
    const params = { a: tf.fill([1000, 1000], step) };
    await saveTrainingState(process.argv[1], { step, trees: { params }, metadata: { step } });
    console.log(step);
    params.a.dispose();
  }`;

it("SIGKILL at 8 moments of a saving loop: the newest state is always whole and at most one save behind", async () => {
  const folder = newFolder();
  let begin = 0;
  for (const delayMs of [0, 3, 7, 12, 18, 25, 33, 42]) {
    const args = ["--conditions=@flexivit/source", "--input-type=module", "-e", saveInALoop, folder, String(begin)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: import.meta.dirname });
    let reported = -1;
    child.stdout.on("data", (text: Buffer) => {
      reported = Math.max(reported, ...text.toString().trim().split("\n").map(Number));
    });
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    child.kill("SIGKILL");
    await once(child, "close");
    const { step, refused, trees, metadata } = await loadTrainingState(folder);
    expect(refused).toEqual([]);
    expect([reported, reported + 1]).toContain(step);
    expect(metadata).toEqual({ step });
    const { a } = trees["params"] as { a: tf.Tensor };
    const values = a.dataSync();
    expect([values.length, values.every((value) => value === step)]).toEqual([1e6, true]);
    a.dispose();
    begin = step + 1;
  }
}, 60_000);
