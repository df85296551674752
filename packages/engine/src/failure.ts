/** An error of an installation: what failed, and what to do about it. */
export function failure(reason: string, remedy: string): Error {
  return Object.assign(new Error(reason), { remedy });
}

/** Turns a rejection into one line that says what failed, with its remedy. */
export function explained(what: string, remedy: string): (error: Error) => never {
  return (error) => {
    throw failure(`${what} (${error.message})`, remedy);
  };
}
