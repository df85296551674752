import type { LibraryHandle } from "koffi";

type Call = (...values: unknown[]) => number;

/** A function of a shared library that answers with an error code, 0 where all is well. */
export type ForeignFunction = Call & { async: (...values: unknown[]) => void };

/**
 * The functions of Open MPI's library by name, and its constants.
 *
 * @throws where koffi or the library is missing.
 */
export async function openLibrary(library: string): Promise<{ find: (name: string, parameters: string[]) => ForeignFunction; constant: (name: string) => unknown }> {
  const { load } = await import("koffi").catch(() => {
    throw new Error("startMpi(koffi): expected the package koffi, got none. Run: npm install koffi");
  });
  const opened = loadLibrary(load, library);
  return {
    find: (name, parameters) => opened.func(name, "int", parameters) as unknown as ForeignFunction,
    constant: (name) => opened.symbol(name) as unknown,
  };
}

function loadLibrary(load: typeof import("koffi").load, library: string): LibraryHandle {
  try {
    return load(library, { lazy: true, global: true }); // global: Open MPI's plug-ins look for its symbols
  } catch (error) {
    throw new Error(`startMpi(library): expected Open MPI's ${library}, got: ${(error as Error).message}. Start the ranks with the mpirun of the installed Open MPI.`, { cause: error });
  }
}

/** Runs a call in a thread; the values stay referenced until it is done. */
export function later(name: string, call: ForeignFunction, ...values: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...values, (error: Error | null, code: number) => {
      try {
        if (error) throw error;
        check(name, code);
        resolve();
      } catch (problem) {
        reject(problem as Error);
      }
    });
  });
}

export function check(name: string, code: number): void {
  if (code !== 0) throw new Error(`${name}: expected code 0, got ${code}. See what mpirun printed.`);
}
