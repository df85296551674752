import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { accuracyPlot, readRun, renderSvg, textTable, writeReport, type PlotSpec, type Section } from "@flexivit/run-log";
import { meanLines, panelTable, type Panel, type Table } from "./panel.ts";
import { judge, verdictTable } from "./rules.ts";
import { logSummary } from "./summary-run.ts";
import type { Session } from "./session.ts";
import type { SeedResult, StudyConfig, StudyText } from "./study.ts";
import { titled } from "./unit.ts";

/** A PNG that shows what models do; the name becomes that of its file. */
export type StudyPicture = { name: string; title: string; caption: string; png: Uint8Array };

/** All that an experiment found. */
export type Findings<Config extends StudyConfig> = {
  study: StudyText<Config>;
  config: Config;
  session: Session;
  folder: string;
  runFolders: readonly string[];
  results: readonly SeedResult[];
  sections: readonly Section[];
  pictures: readonly StudyPicture[];
};

/** A panel over all seeds. */
export type Drawn = { title: string; table: Table; plot: PlotSpec };

/** Prints tables and verdicts; writes results.json, the figures and the report, and where asked what the README shows. */
export async function present<Config extends StudyConfig>(findings: Findings<Config>): Promise<void> {
  const { study, config, session, folder, results } = findings;
  const verdicts = judge(study.rules(config), results.map(({ panels }) => panels));
  const drawn = results[0].panels.map((_, index) => draw(results.map(({ panels }) => panels[index]), findings));
  const decision = verdictTable(verdicts);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "results.json"), `${JSON.stringify({ config, verdicts, results }, null, 2)}\n`);
  await writeFigures(folder, "figure", drawn);
  const report = join(folder, "report.html");
  await writeReport(report, { title: study.title, runs: await Promise.all([...new Set(findings.runFolders)].map(readRun)), sections: sectionsOf(findings, drawn, decision) });
  const shown = findings.sections.flatMap((section) => (section.kind === "table" ? [`${section.title}\n${textTable(section.columns, section.rows)}`] : []));
  const tables = [...drawn.map(({ title, table }) => `${title}\n${asText(table)}`), asText(decision), ...shown];
  process.stdout.write(`\n${tables.join("\n\n")}\n\nreport: ${relative(process.cwd(), report)}\n`);
  await logSummary(findings, drawn, decision);
  if (session.options.publish) await publish(findings, drawn, decision);
}

function draw<Config extends StudyConfig>(seeds: readonly Panel[], { study, config, session: { options }, results }: Findings<Config>): Drawn {
  const [{ title, axis, ticks, quantity = "accuracy", unit = "%" }] = seeds;
  const spread = results.length > 1 ? `, mean and range of ${results.length} seeds` : "";
  const subtitle = `${config.data}, ${study.training(config)}, variant ${options.variant}${spread}`;
  return { title, table: panelTable(seeds), plot: accuracyPlot({ lines: meanLines(seeds), title, subtitle, axis: { title: axis, ticks }, yTitle: titled(quantity, unit), plain: unit !== "%" }) };
}

async function writeFigures(folder: string, name: string, drawn: readonly Drawn[]): Promise<string[]> {
  const files = drawn.map((_, index) => `${name}${index === 0 ? "" : `-${index + 1}`}.svg`);
  for (const [index, file] of files.entries()) await writeFile(join(folder, file), await renderSvg(drawn[index].plot));
  return files;
}

function sectionsOf<Config extends StudyConfig>({ sections, pictures, study }: Findings<Config>, drawn: readonly Drawn[], decision: Table): Section[] {
  return [
    { kind: "text", title: "Question", text: study.question },
    ...drawn.flatMap(({ title, table, plot }): Section[] => [
      { kind: "plot", title, spec: plot },
      { kind: "table", title: `${title}: table`, ...table },
    ]),
    { kind: "table", title: "Verdict", ...decision },
    ...pictures.map(({ title, caption, png }): Section => ({ kind: "pictures", title, items: [{ src: `data:image/png;base64,${Buffer.from(png).toString("base64")}`, caption }] })),
    ...sections,
  ];
}

/** The tables, figures and pictures that the README shows. */
async function publish<Config extends StudyConfig>({ study, session, pictures }: Findings<Config>, drawn: readonly Drawn[], decision: Table): Promise<void> {
  const { options, engine } = session;
  const target = join(import.meta.dirname, study.name, "results");
  await mkdir(target, { recursive: true });
  const files = await writeFigures(target, options.variant, drawn);
  const command = `npm run experiment -- ${study.name} --variant ${options.variant} --seed ${options.seed} --seeds ${options.seeds}${options.data === undefined ? "" : ` --data ${options.data}`} --publish`;
  const parts = drawn.map(({ title, table }, index) => `## ${title}\n\n${asMarkdown(table)}\n\n![${title}](${files[index]})`);
  const shown: string[] = [];
  for (const { name, title, caption, png } of pictures) {
    const file = `${options.variant}-${name}.png`;
    await writeFile(join(target, file), png);
    shown.push(`## ${title}\n\n${caption}\n\n![${title}](${file})`);
  }
  const text = [`# ${study.title}: variant ${options.variant}`, `\`${command}\`, on ${engine.name} ${engine.version}`, ...parts, `## Verdict\n\n${asMarkdown(decision)}`, ...shown];
  await writeFile(join(target, `${options.variant}.md`), `${text.join("\n\n")}\n`);
}

const asText = ({ columns, rows }: Table): string => textTable(columns, rows);

function asMarkdown({ columns, rows }: Table): string {
  const line = (cells: Table["rows"][number]): string => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
