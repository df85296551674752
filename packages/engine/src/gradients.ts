import { createRequire } from "node:module";

/** Resolves what tfjs-node-gpu itself depends on, such as its own copy of `@tensorflow/tfjs`. */
export const requireFromTfjsNode: NodeJS.Require = createRequire(
  createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json"),
);

/**
 * Registers the gradients of all core operations.
 *
 * `@tensorflow/tfjs-core/dist/register_all_gradients.js` would be enough, but Node can't load it (its
 * imports carry no file suffix), so the full bundle does it; the registry is one per process.
 */
export function registerGradients(): void {
  requireFromTfjsNode("@tensorflow/tfjs");
}
