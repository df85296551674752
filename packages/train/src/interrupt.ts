/** Exit codes of a process that a signal ends: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGUSR2: 140 } as const;
type Interrupt = keyof typeof exitCodes;

/**
 * Turns Ctrl-C and SIGTERM into a signal that training looks at between two steps, so that it can save and leave;
 * so does SIGUSR2, which mpirun passes on to every rank.
 *
 * A second one ends the process at once with exit code 130 (SIGTERM: 143, SIGUSR2: 140).
 *
 * @param announce shows what happens, once
 * @returns `signal` to pass to `train`, and `release`, which gives the keys back.
 */
export function onInterrupt(announce: (message: string) => void = () => {}): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodes[name as Interrupt]);
    announce(`${name === "SIGINT" ? "Ctrl-C" : name}: finishing this step, then saving. Press Ctrl-C again to leave at once.`);
    controller.abort();
  };
  const names = Object.keys(exitCodes) as Interrupt[];
  for (const name of names) process.on(name, stop);
  const release = (): void => {
    for (const name of names) process.off(name, stop);
  };
  return { signal: controller.signal, release };
}
