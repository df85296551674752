import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { root } from "./workspace.ts";

export type ProgramOptions = {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Given to the program's standard input; without it that is empty. */
  input?: string;
  /** The program is ended after this long; 10 minutes without it. */
  timeoutMs?: number;
};

/** `code` is null for a program that was ended by a signal; `output` holds stdout and stderr as they came. */
export type Finished = { code: number | null; output: string; stdout: string; seconds: number };

const binaries = join(root, "node_modules", ".bin");

/** Runs a program to its end and gives its exit code and what it printed; never throws for a failing one. */
export function runProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
  const { cwd = root, input, timeoutMs = 600_000 } = options;
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env["PATH"]}`, NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env };
  const begun = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, timeout: timeoutMs, killSignal: "SIGKILL", shell: process.platform === "win32" });
    let [output, stdout] = ["", ""];
    const finish = (code: number | null) => resolve({ code, output, stdout, seconds: (performance.now() - begun) / 1000 });
    child.stdout.on("data", (text) => ((output += text), (stdout += text)));
    child.stderr.on("data", (text) => (output += text));
    child.stdin.on("error", () => {}).end(input ?? "");
    child.on("error", (error) => ((output += error.message), finish(null)));
    child.on("close", (code, signal) => {
      if (signal) output += `\nended by ${signal} after ${Math.round((performance.now() - begun) / 1000)} s`;
      finish(code);
    });
  });
}

/** Runs a TypeScript program of this repository on this Node, workspace packages taken from their sources. */
export function runTypeScript(args: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
  return runProgram(process.execPath, ["--conditions=@flexivit/source", ...args], options);
}
