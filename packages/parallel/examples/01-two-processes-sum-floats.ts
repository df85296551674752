/** Two processes add a million floats in place over Open MPI; where there is none, two ranks of one process do. */
import { fileURLToPath } from "node:url";
import { connectRanks, findMpi, launchRanks, mpiJob, ranksInProcess, type Communicator } from "@flexivit/parallel";

async function add(ranks: Communicator): Promise<void> {
  const values = new Float32Array(1_000_000).fill(ranks.rank + 1);
  const started = performance.now();
  await ranks.sum(values);
  const rightly = values.every((value) => value === 3);
  console.log(`rank ${ranks.rank} of ${ranks.size}: 1 + 2 = 3 everywhere: ${rightly} (${(performance.now() - started).toFixed(1)} ms)`);
  if (!rightly) ranks.abort(1);
  await ranks.finish();
}

if (mpiJob()) await add(await connectRanks());
else if (findMpi()) process.exitCode = await launchRanks(2, [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)]);
else await Promise.all(ranksInProcess(2).map(add));
