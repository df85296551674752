import { execFile } from "node:child_process";
import { appendFile } from "node:fs/promises";

export type CommandOptions = {
  timeoutMs: number;
  /** File that receives the command line and all its output. */
  logFile?: string;
  env?: Record<string, string>;
  cwd?: string;
};

/**
 * Runs a program without a shell and gives what it printed on stdout.
 *
 * Throws with the last line that it printed when it ends with another code than 0, can't be found,
 * or is still running after `timeoutMs` (it is then killed). Nothing waits for input.
 */
export async function runCommand(command: string, args: string[], options: CommandOptions): Promise<string> {
  const { timeoutMs, logFile, env, cwd } = options;
  const { error, stdout, stderr } = await new Promise<Ended>((resolve) => {
    const child = execFile(
      command,
      args,
      { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 2 ** 28, cwd, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
    child.stdin?.end();
  });
  const outcome = error ? (error.killed ? `killed after ${timeoutMs / 1000} s` : `failed (${error.code ?? error.signal})`) : "ok";
  if (logFile) await appendFile(logFile, `$ ${command} ${args.join(" ")}\n${stdout}${stderr}-> ${outcome}\n\n`);
  if (!error) return stdout;
  throw new Error(`${command}: ${outcome}: ${lastLine(stderr) || lastLine(stdout) || error.message}`);
}

type Ended = {
  error: (Error & { killed?: boolean; code?: string | number | null; signal?: NodeJS.Signals }) | null;
  stdout: string;
  stderr: string;
};

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}

/** The first of these commands that answers, or undefined. */
export async function firstThatRuns(candidates: string[][]): Promise<string[] | undefined> {
  for (const [command, ...args] of candidates) {
    if (!command) continue;
    const answers = await runCommand(command, [...args, "--version"], { timeoutMs: 30_000 }).then(
      () => true,
      () => false,
    );
    if (answers) return [command, ...args];
  }
  return undefined;
}
