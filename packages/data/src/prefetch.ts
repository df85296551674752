export type PrefetchOptions = {
  /** The first step. */
  from: number;
  /** The step before which it ends; Infinity by default. */
  to?: number;
  /** How many results are under way or waiting besides the one in use; 2 by default. */
  ahead?: number;
};

/**
 * The results of `make` for the steps from, from + 1, .. in order; later ones are made while the caller works.
 *
 * Never more than `ahead` results are under way or waiting. An error of `make` surfaces at its own step and
 * ends the iteration. Leaving the loop, by break, return or an error, starts nothing more and waits for what is under way.
 */
export async function* prefetch<Result>(
  make: (step: number) => Result | Promise<Result>,
  { from, to = Infinity, ahead = 2 }: PrefetchOptions,
): AsyncGenerator<Result, void, void> {
  if (!Number.isSafeInteger(ahead) || ahead < 1) {
    throw new Error(`prefetch(ahead): expected a whole number from 1 on, got ${ahead}. 2 suits most cases.`);
  }
  const waiting: Promise<Result>[] = [];
  let next = from;
  const fill = (): void => {
    while (waiting.length < ahead && next < to) {
      const result = start(make, next++);
      // Its error is thrown when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      waiting.push(result);
    }
  };
  try {
    for (fill(); waiting.length > 0; ) {
      const result = await waiting[0];
      waiting.shift();
      fill();
      yield result;
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}

async function start<Result>(make: (step: number) => Result | Promise<Result>, step: number): Promise<Result> {
  return make(step);
}
