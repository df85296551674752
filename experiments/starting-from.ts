import type { VitConfig } from "@flexivit/vit";
import { startingPointOf, storedLike, type ClassifierRecipe } from "flexivit";

type Startable = { vit: VitConfig } & Pick<ClassifierRecipe, "from" | "normalisation">;

/**
 * A recipe that starts from the weights in a file: the transformer is then the file's, and pixels are scaled as it takes them.
 *
 * @param ownStorage kernel and positions are stored, and resized at each call, as the recipe says and not as in the file;
 *   the file's are brought to these sizes once, by the rules that travel with them
 */
export async function startingFrom<Recipe extends Startable>(recipe: Recipe, file: string, ownStorage = false): Promise<Recipe> {
  const { from, info } = await startingPointOf(file);
  const { vit, normalisation } = info;
  return { ...recipe, vit: ownStorage ? storedLike(vit, recipe.vit) : vit, ...(normalisation && { normalisation }), from };
}
