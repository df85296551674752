import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { type AddonSource } from "./native-folders.ts";
import { runCommand } from "./run-command.ts";

const require = createRequire(import.meta.url);
const compileTimeoutMs = 15 * 60_000;

/**
 * Compiles `addon` to `<folder>/<name>.node`, linked to the TensorFlow in `library`.
 *
 * The search path is relative, so that the cache as a whole can be moved: `folder` (or what it is
 * renamed to) and `library` must lie side by side.
 */
export async function compileAddon(
  addon: AddonSource,
  folder: string,
  options: { library: string; compiler: string[]; logFile: string },
): Promise<void> {
  const { library, compiler, logFile } = options;
  const [command = "g++", ...first] = compiler;
  const tensorflow = join(library, "tensorflow");
  const includes = [nodeApiHeaders(), join(tensorflow, "include")].map((include) => `-I${include}`);
  const output = ["-o", join(folder, `${addon.name}.node`)];
  // As needed: process_setup must not pull in the large library.
  const libraries = ["-Wl,--as-needed", "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", "-ldl"];
  const search = [`-L${tensorflow}`, `-Wl,-rpath,$ORIGIN/../${basename(library)}/tensorflow`];
  const args = [...first, ...addon.flags, ...includes, ...addon.sources, ...output, ...search, ...libraries];
  await runCommand(command, args, { timeoutMs: compileTimeoutMs, logFile });
}

function nodeApiHeaders(): string {
  return join(dirname(require.resolve("node-api-headers/package.json")), "include");
}
