import { writeAtomic } from "./atomic-file.ts";
import { htmlPage } from "./html.ts";
import { mediaSection } from "./media.ts";
import type { Run } from "./read-run.ts";
import { runDetails, runOverview } from "./run-overview.ts";
import { sectionHtml } from "./section-html.ts";
import type { Section } from "./section.ts";
import { trainingPlots } from "./training-plots.ts";

/** What a report shows: sections as they are given, and runs laid over each other in the standard plots. */
export type ReportContent = {
  readonly title: string;
  readonly sections?: readonly Section[];
  readonly runs?: readonly Run[];
};

/**
 * Writes a report as one HTML file that needs nothing from elsewhere.
 *
 * Order: how the runs stand, the given sections, the standard plots of the runs, the media that they logged last under each
 * name, their configs and environments.
 */
export async function writeReport(file: string, { title, sections = [], runs = [] }: ReportContent): Promise<void> {
  const all = [...runOverview(runs), ...sections, ...trainingPlots(runs), ...runs.flatMap(latestMedia), ...runDetails(runs)];
  const parts: string[] = [];
  for (const [index, section] of all.entries()) parts.push(await sectionHtml(section, index));
  writeAtomic(file, htmlPage(title, parts.join("\n")));
}

function latestMedia({ media }: Run): Section[] {
  return [...new Map(media.map((one) => [one.name, one])).values()].map(mediaSection);
}
