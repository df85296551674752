/** Exit codes of the program; 130 is a shell's for a program that Ctrl-C ended. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A job of several ranks that failed: its ranks have said why. */
export class JobFailed extends Error {
  override name = "JobFailed";
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`The job ended with code ${exitCode}.`);
    this.exitCode = exitCode;
  }
}

/** Work that was interrupted in good order; `message` says how to go on. */
export class Stopped extends Error {
  override name = "Stopped";
}
