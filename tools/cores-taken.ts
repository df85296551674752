import { cpus } from "node:os";

/** How many cores other programs take, as an average over some seconds in which this one waits. */
export async function coresTaken(seconds = 3): Promise<number> {
  const before = busyMs();
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  return (busyMs() - before) / (1000 * seconds);
}

function busyMs(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}
