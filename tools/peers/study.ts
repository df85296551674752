/** How much is measured: processes of each side in alternation, timed passes per process, threads, pairs. */
export type Effort = { rounds: number; repeats: number; pairs: number; threads: number };

/** A question that is measured by itself and has its own section on the page. */
export type Study<Data> = {
  name: string;
  title: string;
  /** What it asks, and how it is measured; Markdown, one paragraph. */
  question: string;
  measure: (effort: Effort) => Promise<Data>;
  /** Markdown under the question; `plots`, by file name, go beside the page. */
  present: (data: Data) => Promise<{ markdown: string; plots?: Record<string, string> }>;
};

/** A study whose data nobody needs to know. */
export type AnyStudy = Study<unknown>;

/** Lets the study's own type of data be forgotten: `present` only ever gets what its `measure` gave. */
export function study<Data>(definition: Study<Data>): AnyStudy {
  return definition as AnyStudy;
}
