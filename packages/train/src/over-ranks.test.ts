import { ranksInProcess, type Communicator } from "@flexivit/parallel";
import { describe, expect, it } from "vitest";
import { requireAlike, sumNumbers } from "./over-ranks.ts";

const onAll = <Result>(size: number, run: (communicator: Communicator) => Promise<Result>): Promise<Result[]> => Promise.all(ranksInProcess(size).map(run));

describe("sumNumbers", () => {
  it("adds numbers by name", async () => {
    expect(await onAll(2, (communicator) => sumNumbers({ loss: 0.5 + communicator.rank, images: 4 }, communicator))).toEqual(Array(2).fill({ loss: 2, images: 8 }));
  });
});

describe("requireAlike", () => {
  it("throws on every rank where one bit differs", async () => {
    const values = [1, 1 + Number.EPSILON];
    const refused = onAll(2, (communicator) => requireAlike(values[communicator.rank], 7, communicator).catch((error: Error) => error.message));
    const message = "train(communicator): expected equal weights on every rank after step 7, got norms 1, 1.0000000000000002. Start every rank with the same options, on processors of one kind.";
    expect(await refused).toEqual([message, message]);
    await onAll(2, (communicator) => requireAlike(0.1, 7, communicator));
  });
});
