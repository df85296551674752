import { createRequire } from "node:module";
import { dirname } from "node:path";

const require = createRequire(import.meta.url);
const name = "@tensorflow/tfjs-node-gpu";

/**
 * The folder of the installed tfjs-node-gpu. It is an optional dependency, since its own install script, where npm runs
 * it, downloads an old TensorFlow and may fail; nothing of that download is used here.
 */
export function tfjsNodeFolder(): string {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch (cause) {
    throw new Error(`the npm package ${name} is missing. Run: npm install --ignore-scripts ${name}@4.22.0`, { cause });
  }
}

/** Loads a file of tfjs-node-gpu. */
export function requireFromTfjsNode(file: string): unknown {
  return createRequire(`${tfjsNodeFolder()}/package.json`)(file);
}
