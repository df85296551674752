/** Starts the rank program twice and ends with the job's exit code. */
import { fileURLToPath } from "node:url";
import { launchRanks } from "../src/index.ts";

const program = fileURLToPath(new URL("./ranks-program.ts", import.meta.url));
process.exitCode = await launchRanks(2, [process.execPath, "--conditions=@flexivit/source", program, ...process.argv.slice(2)]);
