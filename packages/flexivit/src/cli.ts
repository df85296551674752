/** The program: `flexivit ...`, run by bin/flexivit.js. */
import { runCommandLine } from "./command-line.ts";
import { remark } from "./commands/print.ts";

// Node's own way of showing warnings names the process and asks for a trace.
process.removeAllListeners("warning");
process.on("warning", ({ message }) => remark(`warning: ${message}`));

// A reader that has seen enough, as in `flexivit predict ... | head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
