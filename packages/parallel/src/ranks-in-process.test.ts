import { describe, expect, it } from "vitest";
import { exchange, ranksInProcess, type Communicator } from "./index.ts";

const onAll = <Result>(size: number, run: (communicator: Communicator) => Promise<Result>): Promise<Result[]> => Promise.all(ranksInProcess(size).map(run));

describe("ranksInProcess", () => {
  it("adds the numbers of three ranks on each of them, in float32", async () => {
    const buffers = [[1, 0.1], [10, 0.2], [100, 0.3]].map((values) => Float32Array.from(values));
    await onAll(3, ({ rank, sum }) => sum(buffers[rank]));
    const inOrder = Math.fround(Math.fround(Math.fround(0.1) + Math.fround(0.2)) + Math.fround(0.3));
    for (const buffer of buffers) expect([...buffer]).toEqual([111, inOrder]);
  });

  it("gives all ranks the bytes of the one that is named", async () => {
    const bytes = [Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 6)];
    await onAll(3, ({ rank, broadcast }) => broadcast(bytes[rank], 1));
    expect(bytes.map((own) => [...own])).toEqual([[3, 4], [3, 4], [3, 4]]);
  });

  it("carries out the calls of a rank one by one, also where it does not wait for them", async () => {
    const [a, b] = [Float32Array.of(1), Float32Array.of(1, 2)];
    await onAll(2, ({ sum }) => Promise.all([sum(a.slice()), sum(b.slice())]));
    const [first, second] = ranksInProcess(2);
    const values = Float32Array.of(3);
    const early = [first.barrier(), first.sum(values)];
    await second.barrier();
    expect(values[0]).toBe(3);
    await second.sum(Float32Array.of(4));
    await Promise.all(early);
    expect(values[0]).toBe(7);
  });

  it("holds a rank at the barrier until all are there", async () => {
    const ranks = ranksInProcess(3);
    let passed = 0;
    const waiting = ranks.slice(0, 2).map(({ barrier }) => barrier().then(() => passed++));
    await new Promise(setImmediate);
    expect(passed).toBe(0);
    await ranks[2].barrier();
    await Promise.all(waiting);
    expect(passed).toBe(2);
  });

  it("refuses different calls on every rank, and all calls once a rank has aborted", async () => {
    const calls = onAll(2, ({ rank, sum }) => sum(new Float32Array(2 + rank)).catch((error: Error) => error.message));
    const message = "ranksInProcess: expected the same call on every rank, got sum of 2 and sum of 3. Let every rank take the same way.";
    expect(await calls).toEqual([message, message]);
    const [first, second] = ranksInProcess(2);
    const waiting = first.barrier();
    second.abort(3);
    const ended = new Error("ranksInProcess: rank 1 has ended all ranks with code 3.");
    await expect(waiting).rejects.toThrow(ended);
    await expect(first.finish()).rejects.toThrow(ended);
    expect(() => ranksInProcess(0)).toThrow(new Error("ranksInProcess(size): expected a whole number of at least 1, got 0. Ask for 2."));
  });
});

describe("exchange", () => {
  it("gives every rank the values of all, of different lengths, NaN and undefined included", async () => {
    const values = [{ name: "long enough to differ", figures: { a: Number.NaN } }, undefined, { name: "b", figures: { a: 1 / 3 } }];
    const heard = await onAll(3, (communicator) => exchange(communicator, values[communicator.rank]));
    expect(heard).toEqual([values, values, values]);
  });
});
