import type { WandbOptions } from "@flexivit/run-log";

/** How an experiment is asked to run. */
export type ExperimentOptions = {
  /** One of the experiment's variants. */
  variant: string;
  /** Where run folders go: `<out>/<experiment>/<variant>/`. */
  out: string;
  /** The first seed, and how many. */
  seed: number;
  seeds: number;
  /** Go on with runs that were interrupted; finished ones are reused anyhow. */
  resume: boolean;
  /** A data set in place of the variant's own: a name, or a folder for the paper variant. */
  data?: string;
  /** Files of trained weights, for variants that start from some. */
  weights?: string[];
  /** Bring every run to Weights & Biases, grouped by experiment and variant. */
  wandb?: WandbOptions;
  /** Also write the table and the figure into the experiment's own `results` folder. */
  publish: boolean;
  /** Aborted by Ctrl-C: the experiment saves and leaves. */
  signal: AbortSignal;
};

/** What every `experiments/<name>/experiment.ts` exports as `experiment`. */
export type Experiment = {
  name: string;
  /** One sentence: what it asks. */
  question: string;
  /** Variants and what they take, `smoke` among them. */
  variants: Readonly<Record<string, string>>;
  /** "stopped" where the signal was aborted before the end. */
  run: (options: ExperimentOptions) => Promise<"finished" | "stopped">;
};
