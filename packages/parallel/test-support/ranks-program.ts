/** A rank for the tests of the communicator: what it finds is printed as one line of JSON. */
import { connectRanks, exchange, mpiJob, threadsPerRank } from "../src/index.ts";

const ranks = await connectRanks();
const { rank, size } = ranks;
const values = Float32Array.of(rank + 1, 10 * (rank + 1), 0.5);
const long = new Float32Array(100_003).fill(rank + 1);
// Two calls under way at once: they are carried out one by one.
await Promise.all([ranks.sum(values), ranks.sum(long)]);
const bytes = Uint8Array.of(rank, rank + 5, 7);
await ranks.broadcast(bytes, 1);
const heard = await exchange(ranks, { rank, list: [Number.NaN, rank / 4], nothing: undefined });
await ranks.barrier();
const of = mpiJob()!;
const found = { rank, size, values: [...values], long: [long[0], long[100_002]], bytes: [...bytes], heard: heard.map((one) => one.list[1]), threads: threadsPerRank(of, { allowed: 8, cores: 8 }) };
console.log(JSON.stringify(found));
if (process.argv[2] === "fail" && rank === 1) {
  void ranks.sum(values); // nobody comes: leaving must not wait for it
  await new Promise((resolve) => setTimeout(resolve, 100));
  ranks.abort(7);
}
if (process.argv[2] === "kill" && rank === 1) process.kill(process.pid, "SIGKILL");
if (process.argv[2] === "wait") {
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => {}, 1000);
    process.on("SIGUSR2", () => (clearInterval(alive), resolve()));
    console.log("waits");
  });
  console.log("stopped in good order");
}
if (process.argv[2] !== undefined && process.argv[2] !== "wait") await ranks.sum(values);
await ranks.finish();
