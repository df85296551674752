import { connectRanks, launchRanks, mpiJob, threadsPerRank, type Communicator } from "@flexivit/parallel";
import { exitCodes, JobFailed, Stopped } from "./exit.ts";
import { remarkError, speakAs } from "./print.ts";

/**
 * Does the work as one of several ranks that train together: as `mpirun` started this process, else as `--ranks`
 * asks, for which this very command is started again under `mpirun`. Without either, the work is done alone.
 *
 * @throws JobFailed where ranks that were started here did not all succeed.
 */
export async function amongRanks(wanted: number | undefined, work: (communicator: Communicator) => Promise<void>): Promise<void> {
  const job = mpiJob();
  if (!job && wanted !== undefined && wanted > 1) return startRanks(wanted);
  if (job && wanted !== undefined && wanted !== job.size) {
    throw new Error(`train(--ranks): expected ${job.size}, as mpirun has started, got ${wanted}. Leave --ranks out under mpirun.`);
  }
  // The ranks of a machine share its cores, unless the user has decided.
  if (job) process.env["TF_NUM_INTRAOP_THREADS"] ??= String(threadsPerRank(job));
  const communicator = await connectRanks();
  if (communicator.size === 1) return work(communicator);
  speakAs(communicator.rank);
  await inGoodOrder(communicator, work);
}

async function startRanks(ranks: number): Promise<void> {
  const { execPath, execArgv, argv } = process;
  const exitCode = await launchRanks(ranks, [execPath, ...execArgv, ...argv.slice(1)]);
  if (exitCode !== 0) throw new JobFailed(exitCode);
}

/** The ranks leave together; where one fails it ends the others, which would wait for it. */
async function inGoodOrder(communicator: Communicator, work: (communicator: Communicator) => Promise<void>): Promise<void> {
  try {
    await work(communicator);
  } catch (error) {
    if (!(error instanceof Stopped)) {
      remarkError(error);
      communicator.abort(exitCodes.failed);
    }
    await communicator.finish();
    if (communicator.rank === 0) throw error; // mpirun ends with the code of the first that fails: one is enough
    return;
  }
  await communicator.finish();
}
