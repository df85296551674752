import type { Comparison } from "./comparison.ts";

/** Comparisons of one engine. */
export type EngineComparisons = { engine: string; version: string; comparisons: readonly Comparison[] };

const intro = `# Parity

How far this code is from the references, as the largest absolute difference of all numbers of a case. \`allowed\` is
float32 noise: a few times that of the reference itself against the same definition in float64, as recorded with each
case. Models run from their own weight files through what \`flexivit forward\` does. The reference versions: big_vision
commit 0127fb6, timm 1.0.31, PyTorch 2.15.0, JAX 0.10.2, TensorFlow 2.21.0, transformers 5.23.0, SciPy 1.17.1.

Regenerate with \`npm run parity\`; it fails where a difference is larger than allowed.
`;

/** The Markdown page: a summary, then every case. */
export function parityPage(engines: readonly EngineComparisons[]): string {
  const areas = [...new Set(engines[0].comparisons.map(({ area }) => area))];
  const names = engines.map(({ engine, version }) => `${engine} (${version})`).join(", ");
  return `${[intro, `Engines: ${names}.\n`, summary(engines, areas), ...areas.map((area) => details(engines, area))].join("\n")}\n`;
}

/** The comparisons that are off by more than allowed, as lines. */
export function failures(engines: readonly EngineComparisons[]): string[] {
  return engines.flatMap(({ engine, comparisons }) =>
    comparisons
      .filter(({ difference, allowed }) => !(difference <= allowed))
      .map(({ area, name, reference, difference, allowed }) => `${engine}: ${area}, ${name}, ${reference}: off by ${short(difference)}, allowed ${short(allowed)}`),
  );
}

function summary(engines: readonly EngineComparisons[], areas: readonly string[]): string {
  const rows = areas.map((area) => {
    const worst = engines.map(({ comparisons }) => {
      const ofArea = comparisons.filter((each) => each.area === area);
      const share = Math.max(...ofArea.map(({ difference, allowed }) => (difference === 0 ? 0 : difference / allowed)));
      return `${short(Math.max(...ofArea.map(({ difference }) => difference)))} (${Math.round(100 * share)} %)`;
    });
    return [area, String(engines[0].comparisons.filter((each) => each.area === area).length), ...worst];
  });
  const titles = ["area", "cases", ...engines.map(({ engine }) => `largest difference, ${engine} (of what its case allows at worst)`)];
  return `${markdownTable(titles, rows)}\n`;
}

function details(engines: readonly EngineComparisons[], area: string): string {
  const ofArea = engines.map(({ comparisons }) => comparisons.filter((each) => each.area === area));
  const rows = ofArea[0].map(({ name, reference, allowed }, index) => [name, reference, ...ofArea.map((all) => short(all[index].difference)), short(allowed)]);
  const table = markdownTable(["case", "reference", ...engines.map(({ engine }) => engine), "allowed"], rows);
  return `## ${area}\n\n<details><summary>${rows.length} cases</summary>\n\n${table}\n\n</details>\n`;
}

function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const short = (value: number): string => (value === 0 ? "0" : value.toExponential(1));
