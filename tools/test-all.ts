// `npm test`: every check of the workspace, one line each. `npm test -- --only unit,lint` runs some of them.
import { Command } from "commander";
import type { Outcome } from "./outcome.ts";
import { type Stage, testStages } from "./test-stages.ts";

const names = testStages().map(({ name }) => name);
const { only } = new Command("npm test --")
  .description("Runs every check of the workspace; ends with the number that passed and failed, and exits with 1 where one failed.")
  .option("--only <parts>", "only stages whose names hold one of these, such as unit,lint", (text) => text.split(","))
  .addHelpText("after", `\nStages: ${names.join(", ")}\n\nExamples:\n  npm test\n  npm test -- --only lint,unit`)
  .parse()
  .opts<{ only?: string[] }>();
const stages = testStages().filter(({ name }) => !only || only.some((part) => name.includes(part)));
if (stages.length === 0) {
  console.error(`--only: expected part of one of ${names.join(", ")}, got ${only?.join(",")}.`);
  process.exit(1);
}

const width = Math.max(...stages.map(({ name }) => name.length)) + 2;
const outcomes: (Outcome & { name: string })[] = [];
for (const stage of stages) outcomes.push({ name: stage.name, ...(await runStage(stage)) });
summarise();

async function runStage({ name, run }: Stage): Promise<Outcome> {
  const begun = performance.now();
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1).padStart(6);
  const beat = setInterval(() => console.log(`${name.padEnd(width)}${seconds()} s  ...`), 60_000);
  const outcome = await run().catch((error: Error) => ({ passed: 0, failed: 1, skipped: 0, details: error.stack ?? error.message }));
  clearInterval(beat);
  console.log(`${name.padEnd(width)}${seconds()} s  ${counts(outcome)}`);
  if (outcome.details) console.log(outcome.details.replace(/^/gm, "    "));
  return outcome;
}

/** The failures once more, and the one line that says it all, last. */
function summarise(): void {
  const failures = outcomes.filter(({ failed }) => failed > 0);
  if (failures.length > 0) console.log(`\nfailed: ${failures.map(({ name, failed }) => `${name} (${failed})`).join(", ")}`);
  const sum = (key: "passed" | "failed" | "skipped") => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  process.exitCode = sum("failed") > 0 ? 1 : 0;
  console.log(`${sum("passed")} passed, ${sum("failed")} failed${sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : ""}`);
}

function counts({ passed, failed, skipped }: Outcome): string {
  if (passed === 1 && failed === 0 && skipped === 0) return "ok";
  const parts = [[passed, "passed"], [failed, "FAILED"], [skipped, "skipped"]] as const;
  return parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`).join(", ");
}
