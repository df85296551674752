/**
 * Turns Ctrl-C and SIGTERM into a signal that training looks at between two steps, so that it can save and leave.
 *
 * A second Ctrl-C ends the process at once with exit code 130.
 *
 * @returns `signal` to pass to `train`, and `release`, which gives the keys back.
 */
export function onInterrupt(announce: (message: string) => void = () => {}): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    announce(`${name === "SIGINT" ? "Ctrl-C" : name}: finishing this step, then saving. Press Ctrl-C again to leave at once.`);
    controller.abort(name);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const release = (): void => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
  return { signal: controller.signal, release };
}
