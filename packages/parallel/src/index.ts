export { alone, type Communicator, type SumUnderWay } from "./communicator.ts";
export { connectRanks } from "./connect-ranks.ts";
export { exchange } from "./exchange.ts";
export { installMpi, type MpiInstallation } from "./install-mpi.ts";
export { launchRanks } from "./launch-ranks.ts";
export { findMpi, type Mpi } from "./mpi-folders.ts";
export { mpiJob, type MpiJob, threadsPerRank } from "./mpi-job.ts";
export { ranksInProcess } from "./ranks-in-process.ts";
