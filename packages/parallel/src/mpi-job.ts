import { availableParallelism, cpus } from "node:os";

/** What `mpirun` tells a process that it started. */
export type MpiJob = {
  rank: number;
  size: number;
  /** Ranks on this machine. */
  localSize: number;
};

/** The job that `mpirun` started this process in, or nothing: this process runs on its own. */
export function mpiJob(environment: NodeJS.ProcessEnv = process.env): MpiJob | undefined {
  const number = (name: string): number => Number(environment[`OMPI_COMM_WORLD_${name}`]);
  const job = { rank: number("RANK"), size: number("SIZE"), localSize: number("LOCAL_SIZE") };
  return job.size >= 1 && job.rank >= 0 ? job : undefined;
}

/**
 * Threads for one rank, such that the ranks of a machine share its cores: `floor(cores / ranks)`, at least 1.
 *
 * A process that is bound to some of the cores (as `mpirun` does unless told otherwise) takes those.
 */
export function threadsPerRank(
  { localSize }: Pick<MpiJob, "localSize">,
  { allowed, cores }: { allowed: number; cores: number } = { allowed: availableParallelism(), cores: cpus().length },
): number {
  return allowed < cores ? allowed : Math.max(1, Math.floor(cores / localSize));
}
