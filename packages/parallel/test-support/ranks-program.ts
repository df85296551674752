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
// Two of three end without the event loop; one rank makes another call before it begins them, the other after that.
const early = [3, 100_003, 1_000_003].map((length, i) => new Float32Array(length).fill((i + 1) * (rank + 1)));
const other = Float32Array.of(rank);
if (rank === 1) await ranks.sum(other);
const begun = early.map((values) => ranks.beginSum!(values));
if (rank === 0) await ranks.sum(other);
while (!begun[0].advance() || !begun[1].advance());
const noticed = early[1][100_002];
for (const sum of begun) await sum.ended();
const of = mpiJob()!;
const results = {
  values: [...values],
  long: [long[0], long[100_002]],
  bytes: [...bytes],
  heard: heard.map((one) => one.list[1]),
  early: [noticed, begun[2].advance(), ...other, ...early.flatMap((values) => [values[0], values.at(-1)])],
  threads: threadsPerRank(of, { allowed: 8, cores: 8 }),
};
console.log(JSON.stringify({ rank, size, ...results }));
if (process.argv[2] === "fail" && rank === 1) {
  // The other rank joins the first two, nobody the last two: leaving must not wait for them.
  for (const copy of [long.slice(), long.slice()]) void Promise.all([ranks.sum(values), ranks.beginSum!(copy).ended()]);
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
if (process.argv[2] !== undefined && process.argv[2] !== "wait") await Promise.all([ranks.sum(values), ranks.beginSum!(long).ended()]);
await ranks.finish();
