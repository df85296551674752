import { join } from "node:path";
import { useEngine } from "@flexivit/engine";
import { subset } from "@flexivit/data";
import { openData, type ClassifierModel, type DataSets } from "flexivit";
import { disposeTree } from "@flexivit/params";
import type { Experiment, ExperimentOptions } from "../experiment.ts";
import { configs, modelPlans, type Config, type Variant } from "./config.ts";
import { compare, type Comparison } from "./compare.ts";
import { trainedModel } from "./models.ts";
import { present } from "./present.ts";

/** Is one flexible model as accurate at every patch size as models trained for that size alone? */
export const experiment: Experiment = {
  name: "accuracy-vs-patch-size",
  question: "Is one flexible model as accurate at every patch size as models trained for that size alone?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "Fashion-MNIST on two cores, about five minutes",
    reduced: "the same, narrower and shorter, for the WebAssembly engine",
    paper: "ViT-B on an ImageNet folder (--data), days on a GPU",
  },
  run,
};

async function run(options: ExperimentOptions): Promise<"finished" | "stopped"> {
  const config: Config = configs[options.variant as Variant];
  const engine = await useEngine();
  process.stderr.write(`engine: ${engine.name} ${engine.version}, ${engine.threads} threads, ${engine.kernels} kernels (${engine.why})\n`);
  const data = await openSets(config, options);
  const comparisons: Comparison[] = [];
  const runFolders: string[] = [];
  const folder = join(options.out, experiment.name, options.variant);
  for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
    const plans = modelPlans(config, seed);
    const models: { name: string; trainedAt?: string; model: ClassifierModel }[] = [];
    for (const [index, plan] of plans.entries()) {
      const title = `${plan.name} (${index + 1}/${plans.length}${options.seeds > 1 ? `, seed ${seed}` : ""})`;
      const own = join(folder, `seed-${seed}`, plan.name.replaceAll(" ", "-"));
      const model = await trainedModel({ plan, data, folder: own, engine, options, title });
      if (!model) return "stopped";
      runFolders.push(own);
      models.push({ ...plan, model });
    }
    comparisons.push(await compare(config, data, models, seed));
    for (const { model } of models) disposeTree(model.params);
  }
  await present({ config, engine, folder, runFolders, comparisons, options });
  return "finished";
}

async function openSets(config: Config, { data }: ExperimentOptions): Promise<DataSets> {
  const name = data ?? config.data;
  const sets = await openData(name, { channels: config.channels });
  const { training, test } = sets;
  const limit = Math.min(config.testPictures ?? test.size, test.size);
  const used = limit < test.size ? subset(test, Array.from({ length: limit }, (_, i) => i)) : test;
  process.stderr.write(`data: ${name}, ${training.size.toLocaleString("en")} training and ${used.size.toLocaleString("en")} test pictures, ${training.classes.length} classes\n`);
  return { ...sets, test: used };
}
