import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { contactSheet } from "@flexivit/data";
import type { Engine } from "@flexivit/engine";
import { accuracyPlot, readRun, renderSvg, writeReport, type AccuracyLine, type PlotSpec, type Section } from "@flexivit/run-log";
import type { ExperimentOptions } from "../experiment.ts";
import type { Comparison } from "./compare.ts";
import type { Config } from "./config.ts";
import { accuracyCells, asMarkdown, asText, guessCells } from "./tables.ts";
import { verdictOf, verdictText } from "./verdict.ts";

type Results = { config: Config; engine: Engine; folder: string; runFolders: string[]; comparisons: Comparison[]; options: ExperimentOptions };

/** Prints the table and the predictions; writes results.json, the figure and the report. */
export async function present(results: Results): Promise<void> {
  const { config, folder, comparisons, options } = results;
  const lines = accuracyLines(config, comparisons);
  const verdict = verdictText(verdictOf(lines));
  const plot = accuracyPlot({ lines, title: "Accuracy against patch size", subtitle: subtitleOf(results) });
  const report = join(folder, "report.html");
  await mkdir(folder, { recursive: true });
  const curves = comparisons.map(({ seed, curves }) => ({ seed, curves }));
  await writeFile(join(folder, "results.json"), `${JSON.stringify({ config, verdict: verdictOf(lines), curves }, null, 2)}\n`);
  await writeFile(join(folder, "figure.svg"), await renderSvg(plot));
  const runs = await Promise.all(results.runFolders.map((runFolder) => readRun(runFolder)));
  await writeReport(report, { title: "Accuracy against patch size", runs, sections: await sectionsOf(results, lines, plot, verdict) });
  const guesses = asText(guessCells(config, comparisons[0].guesses));
  process.stdout.write(`\n${asText(accuracyCells(config, lines))}\n\n${verdict}\n\n${guesses}\n\nreport: ${relative(process.cwd(), report)}\n`);
  if (options.publish) await publish(results, lines, plot, verdict);
}

/** Means over seeds, with the lowest and highest where there are several. */
function accuracyLines(config: Config, comparisons: readonly Comparison[]): AccuracyLine[] {
  return comparisons[0].curves.map(({ name, trainedAt }, model) => ({
    name,
    trainedAt,
    points: config.patchSizes.map((patchSize, i) => {
      const values = comparisons.map(({ curves }) => curves[model].accuracies[i]);
      const accuracy = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { patchSize, accuracy, ...(values.length > 1 ? { low: Math.min(...values), high: Math.max(...values) } : {}) };
    }),
  }));
}

function subtitleOf({ config, options, comparisons }: Results): string {
  const seeds = comparisons.length > 1 ? `, mean and range of ${comparisons.length} seeds` : "";
  const { steps, imageSizePx } = config.shared;
  const { flexibleSteps = steps } = config;
  const trained = flexibleSteps === steps ? `${steps} steps per model` : `${flexibleSteps} steps flexible, ${steps} steps each fixed`;
  return `${options.data ?? config.data}, ${imageSizePx} px, ${trained}, variant ${options.variant}${seeds}`;
}

async function sectionsOf({ config, comparisons }: Results, lines: AccuracyLine[], plot: PlotSpec, verdict: string): Promise<Section[]> {
  const { pictures, guesses } = comparisons[0];
  const sheet = await contactSheet(pictures, { columns: guesses.length });
  const src = `data:image/png;base64,${Buffer.from(sheet).toString("base64")}`;
  return [
    { kind: "plot", title: "Accuracy against patch size", caption: verdict, spec: plot },
    { kind: "table", title: "Accuracy", ...accuracyCells(config, lines) },
    { kind: "pictures", title: "Test pictures", items: [{ src, caption: guesses.map(({ truth }) => truth).join(", ") }] },
    { kind: "table", title: "What the flexible model takes them for", ...guessCells(config, guesses) },
  ];
}

/** The table and the figure that the README shows. */
async function publish({ config, options, engine }: Results, lines: AccuracyLine[], plot: PlotSpec, verdict: string): Promise<void> {
  const target = join(import.meta.dirname, "results");
  await mkdir(target, { recursive: true });
  await writeFile(join(target, `${options.variant}.svg`), await renderSvg(plot));
  const command = `npm run experiment -- accuracy-vs-patch-size --variant ${options.variant} --seed ${options.seed} --seeds ${options.seeds} --publish`;
  const text = `# Accuracy against patch size: variant ${options.variant}\n\n\`${command}\`, on ${engine.name} ${engine.version}\n\n${asMarkdown(accuracyCells(config, lines))}\n\n${verdict}\n\n![Accuracy against patch size](${options.variant}.svg)\n`;
  await writeFile(join(target, `${options.variant}.md`), text);
}

