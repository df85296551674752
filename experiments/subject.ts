import type { ClassifierModel, ClassifierRecipe, DataSets, HeadTask, TaskModel, TaskRecipe, TaskSources } from "flexivit";
import { loadModel, loadTaskModel } from "flexivit";

/** What the models of an experiment do: say what a picture shows, or one of the tasks that have a head of their own. */
export type Subject = "classify" | HeadTask;

/** Pictures to train on and pictures to test on, with what a task learns from. */
export type TaskData<T extends HeadTask> = { name: string; training: TaskSources[T]; test: TaskSources[T] };

export type RecipeOf<S extends Subject> = S extends HeadTask ? TaskRecipe<S> : ClassifierRecipe;
export type ModelOf<S extends Subject> = S extends HeadTask ? TaskModel<S> : ClassifierModel;
export type DataOf<S extends Subject> = S extends HeadTask ? TaskData<S> : DataSets;

/** What a recipe trains. */
export function subjectOf(recipe: RecipeOf<Subject>): Subject {
  return "task" in recipe ? recipe.task : "classify";
}

/**
 * The trained model in a file.
 *
 * @throws where it does something else
 */
export async function loadSubject<S extends Subject>(file: string, subject: S): Promise<ModelOf<S>> {
  const model = subject === "classify" ? await loadModel(file) : await loadTaskModel(file);
  const found: Subject = subject === "classify" ? "classify" : (model as TaskModel).info.task;
  if (found === subject) return model as ModelOf<S>;
  throw new Error(`experiment(weights): expected a model that can ${subject}, got one that can ${found} in ${file}. Give another file.`);
}
