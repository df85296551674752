// Measures flexivit on this machine, beside PyTorch eager (timm) where that can do the same, and writes docs/performance.md.
// With --page alone it makes the page again from what was measured before.
// npm run peers -- [--page] [study ...] [--rounds 3] [--repeats 5] [--pairs 30] [--threads 2]
import { parseArgs } from "node:util";
import { coresTaken } from "../cores-taken.ts";
import { store, writePage } from "./page.ts";
import { studies } from "./studies/index.ts";

const names = studies.map(({ name }) => name);
const usage =
  "Usage: npm run peers -- [study ...] [--rounds 3] [--repeats 5] [--pairs 30] [--threads 2] [--page]\n\n" +
  `Measures flexivit on this machine, beside PyTorch eager where that can do the same, and writes docs/performance.md.\nStudies: ${names.join(", ")}; all unless named. --page only makes the page again.`;
const { values, positionals } = choices();
if (values.help) {
  console.log(usage);
  process.exit();
}
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`peers(study): expected some of ${names.join(", ")}, got "${unknown}". Name none to run all.`);

const effort = { rounds: Number(values.rounds), repeats: Number(values.repeats), pairs: Number(values.pairs), threads: Number(values.threads) };
for (const study of studies.filter(({ name }) => (positionals.length === 0 ? !values.page : positionals.includes(name)))) {
  const taken = await coresTaken(); // before our own programs add to it
  console.log(`${study.name} ...`);
  store(study, effort, taken, await study.measure(effort));
}
console.log(`written to ${await writePage(studies)}`);

function choices() {
  const options = {
    help: { type: "boolean", short: "h" },
    page: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    repeats: { type: "string", default: "5" },
    pairs: { type: "string", default: "30" },
    threads: { type: "string", default: "2" },
  } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}
