import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { commands } from "./command-list.ts";
import { exitCodes, JobFailed, Stopped } from "./commands/exit.ts";
import { remarkError } from "./commands/print.ts";

/**
 * Runs `flexivit` with these arguments. Results go to standard output, all else to standard error.
 *
 * @param args what follows the name of the program
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    const command = await program(args);
    await command.parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    // commander has said already what is wrong with the usage; it ends --help in the same way.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (error instanceof JobFailed) return error.exitCode;
    remarkError(error);
    return error instanceof Stopped ? exitCodes.interrupted : exitCodes.failed;
  }
}

/** The program; of its commands, the one that the arguments name is whole, the others stand in its help. */
async function program(args: readonly string[]): Promise<Command> {
  const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
  const command = new Command("flexivit")
    .description("Vision transformers that work at every patch size: coarse and fast, fine and accurate")
    .version(version)
    .configureHelp({ subcommandTerm: (below) => below.name() })
    .addHelpText("after", "\nExample:\n  flexivit train --data pictures --variant Ti --image-size 96 --patch-sizes 32,24,16,12,8");
  const named = args.slice(0, 2); // the second one in `flexivit help train`
  for (const { name, description, load } of commands) {
    const below = named.includes(name) ? await load() : new Command(name);
    command.addCommand(below.description(description));
  }
  return withReturn(command);
}

/** Makes a command and those below it throw where they would end the process, and point to their help. */
function withReturn(command: Command, path: string = command.name()): Command {
  command.exitOverride().showHelpAfterError(`(${path} --help lists the options)`);
  for (const below of command.commands) withReturn(below, `${path} ${below.name()}`);
  return command;
}
