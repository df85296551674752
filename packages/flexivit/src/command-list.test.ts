import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { flexivit } from "../test-support/program.ts";
import { commands } from "./command-list.ts";

const program = fileURLToPath(new URL("command-line.ts", import.meta.url));

/** Which of libvips (pictures) and TensorFlow a process has in memory that ran `flexivit` with these arguments. */
async function librariesAfter(...args: string[]): Promise<string[]> {
  const script = `
    import { runCommandLine } from ${JSON.stringify(program)};
    await runCommandLine(${JSON.stringify(args)});
    process.report.excludeNetwork = true;
    console.error(process.report.getReport().sharedObjects.join("\\n"));`;
  const { stderr } = await promisify(execFile)(process.execPath, ["--conditions=@flexivit/source", "--input-type=module", "--eval", script]);
  return ["libvips", "libtensorflow"].filter((name) => stderr.includes(name));
}

describe("the list of commands", () => {
  it("gives every command a line in the help of the program, and the same sentence in its own", async () => {
    const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");
    const all = oneLine((await flexivit("--help")).out);
    for (const { name, description } of commands) {
      expect(all).toContain(` ${name} ${description} `);
      expect(oneLine((await flexivit(name, "--help")).out)).toMatch(new RegExp(`^Usage: flexivit ${name} .*\\[options\\]`));
      expect(oneLine((await flexivit("help", name)).out)).toContain(` ${description} `);
    }
  });

  it("has a command read pictures only where it needs them: the help, bench, forward and engine load no libvips, train does", async () => {
    expect(await librariesAfter("--help")).toEqual([]);
    expect(await librariesAfter("bench", "--help")).toEqual([]);
    expect(await librariesAfter("forward", "--help")).toEqual([]);
    expect(await librariesAfter("engine", "--help")).toEqual([]);
    expect(await librariesAfter("help", "train")).toEqual(["libvips"]);
  });
});
