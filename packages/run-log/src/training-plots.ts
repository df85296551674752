import { linePlot, type Line } from "./line-plot.ts";
import type { Run } from "./read-run.ts";
import { distinctNames } from "./run-overview.ts";
import type { Section } from "./section.ts";

/** How a quantity is shown; quantities that are not listed are shown under their own names. */
type Quantity = { readonly title: string; readonly axis: string; readonly smoothed?: boolean; readonly factor?: number };

const quantities: Readonly<Record<string, Quantity>> = {
  loss: { title: "Loss", axis: "loss", smoothed: true },
  accuracy: { title: "Accuracy", axis: "accuracy (%)", factor: 100 },
  learningRate: { title: "Learning rate", axis: "learning rate" },
  imagesPerSecond: { title: "Images per second", axis: "images/s", smoothed: true },
  gradientNorm: { title: "Gradient norm", axis: "gradient norm", smoothed: true },
};

/**
 * Returns one plot per quantity that the runs have logged, with the runs overlaid.
 *
 * Names with a slash are a family: `accuracy/8`, `accuracy/16` are the lines of one plot (for several runs, one panel
 * each). `loss`, `imagesPerSecond` and `gradientNorm` are smoothed over faint raw values; `accuracy` is a fraction
 * and shown in percent.
 */
export function trainingPlots(runs: readonly Run[]): Section[] {
  const keys = [...new Set(runs.flatMap(loggedNumbers))];
  const names = distinctNames(runs);
  const families = [...new Set(keys.map(familyOf))];
  const known = Object.keys(quantities);
  const rank = (family: string) => (known.includes(family) ? known.indexOf(family) : known.length);
  return families
    .sort((a, b) => rank(a) - rank(b))
    .map((family) => quantityPlot(runs, names, family, keys.filter((key) => familyOf(key) === family)));
}

function quantityPlot(runs: readonly Run[], names: readonly string[], family: string, keys: readonly string[]): Section {
  const { title, axis, smoothed, factor = 1 } = quantities[family] ?? { title: inWords(family), axis: inWords(family) };
  const isFamily = keys.some((key) => key !== family);
  const isOne = runs.length === 1;
  const lines = keys.toSorted(byNumber).flatMap((key) =>
    runs.map((run, index): Line => {
      const member = key.slice(family.length + 1) || key;
      const points = run.series(key).map(({ step, value }) => ({ x: step, y: factor * value }));
      return { name: isOne ? member : names[index], points, ...(isFamily && !isOne && { panel: member }) };
    }),
  );
  const legendTitle = isOne && family === "accuracy" ? "patch size" : undefined;
  const drawn = lines.filter(({ points }) => points.length > 0);
  return { kind: "plot", title, spec: linePlot({ lines: drawn, xTitle: "step", yTitle: axis, smoothed, legendTitle }) };
}

/** "8" before "12", as a reader expects. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function loggedNumbers(run: Run): string[] {
  const names = new Set<string>();
  for (const row of run.rows) {
    for (const name in row) if (typeof row[name] === "number") names.add(name);
  }
  return [...names].filter((name) => name !== "step" && name !== "time");
}

/** "accuracy/8" → "accuracy"; a name without a slash is its own family. */
function familyOf(key: string): string {
  return key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : key;
}

/** "learningRate" → "Learning rate". */
function inWords(name: string): string {
  const words = name.replaceAll(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
