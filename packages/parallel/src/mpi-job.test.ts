import { describe, expect, it } from "vitest";
import { alone, connectRanks, mpiJob, threadsPerRank } from "./index.ts";

describe("mpiJob", () => {
  it("reads rank, size and ranks on this machine from what mpirun sets", () => {
    const environment = { OMPI_COMM_WORLD_RANK: "5", OMPI_COMM_WORLD_SIZE: "6", OMPI_COMM_WORLD_LOCAL_SIZE: "3" };
    expect(mpiJob(environment)).toEqual({ rank: 5, size: 6, localSize: 3 });
  });

  it("is nothing outside a job, where the process is alone", async () => {
    expect(mpiJob({})).toBeUndefined();
    expect(await connectRanks()).toBe(alone);
    const values = Float32Array.of(2, 3);
    await alone.sum(values);
    expect([...values, alone.rank, alone.size]).toEqual([2, 3, 0, 1]);
  });
});

describe("threadsPerRank", () => {
  it.each([
    [3, 8, 8, 2],
    [1, 8, 8, 8],
    [5, 2, 2, 1],
    [4, 3, 16, 3],
  ])("%i ranks where %i of %i cores are allowed have %i threads each", (localSize, allowed, cores, threads) => {
    expect(threadsPerRank({ localSize }, { allowed, cores })).toBe(threads);
  });
});
