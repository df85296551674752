import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * Registers the gradients of all core operations.
 *
 * `@tensorflow/tfjs-core/dist/register_all_gradients.js` would be enough, but Node can't load it (its
 * imports carry no file suffix), so the full bundle does it; the registry is one per process.
 */
export function registerGradients(): void {
  require("@tensorflow/tfjs");
}
