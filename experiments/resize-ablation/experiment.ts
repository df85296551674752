import { accuracyAt } from "../accuracy.ts";
import type { Experiment } from "../experiment.ts";
import type { Panel, PanelLine } from "../panel.ts";
import { experimentOf, type Trial } from "../study.ts";
import { configs, plansOf, resizesOf, trainingOf, type Config } from "./config.ts";
import { rulesOf } from "./rules.ts";

/** Which resize of the patch kernel keeps a trained model's accuracy at other patch sizes, without training? */
export const experiment: Experiment = experimentOf<Config>({
  name: "resize-ablation",
  title: "Resizing the patch kernel of a fixed model",
  question: "Which resize of the patch kernel keeps a trained model's accuracy at other patch sizes, without any training?",
  variants: {
    smoke: "seconds; shows only that it runs",
    small: "a model of Fashion-MNIST trained at 6 px, a few minutes on two cores",
    paper: "a trained ViT of 8 px (--weights) on an ImageNet folder (--data), an hour on a GPU",
  },
  configs,
  plans: plansOf,
  measure,
  rules: rulesOf,
  training: trainingOf,
});

/** Every resize at every size: first with pictures resized like patches, then with the pictures as they are; each without and with antialias. */
async function measure({ config, data, models: [{ model }], signal }: Trial<Config>): Promise<Panel[]> {
  const { imageSizePx, vit } = model.info;
  const kinds = [
    { title: "Patches and pictures resized alike", axis: "patch size (pixels); the grid of tokens stays", ticks: config.scaledPatchSizes, sizePxOf: (patchSize: string) => (imageSizePx * Number(patchSize)) / Number(config.trainedAt) },
    { title: "Pictures as they are", axis: "patch size (pixels); more tokens to the right", ticks: config.patchSizes, sizePxOf: () => imageSizePx },
  ];
  const panels: Panel[] = [];
  for (const { title, sizePxOf, ...panel } of kinds) {
    for (const antialias of [false, true]) {
      const lines: PanelLine[] = [];
      for (const { name, resize } of resizesOf(vit.patchSize[0], antialias)) {
        const values = await each(panel.ticks, (patchSize) => accuracyAt(model, data.test, patchSize, { kernelResize: resize, imageSizePx: sizePxOf(patchSize), signal }));
        lines.push({ name, values, bold: name.startsWith("PI"), trainedAt: config.trainedAt });
      }
      panels.push({ title: `${title}, ${antialias ? "with" : "without"} antialias`, ...panel, lines });
    }
  }
  return panels;
}

async function each(sizes: readonly string[], value: (size: string) => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (const size of sizes) values.push(await value(size));
  return values;
}
