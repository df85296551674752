import { paperPatchSizesAt240Px } from "@flexivit/patch-schemes";
import { modelSizes, type ModelSize, type Spec, specOf } from "../spec.ts";
import { duel } from "../sides.ts";
import { study, type AnyStudy } from "../study.ts";
import { type Compared, comparisonTable } from "../table.ts";

type Row = { name: string; changes: Partial<Spec> };
type Present = (compared: Compared[]) => string;

/** A study that puts each of its rows side by side with PyTorch. */
export function comparison(name: string, title: string, question: string, rows: readonly Row[], present: Present = comparisonTable): AnyStudy {
  return study<Compared[]>({
    name,
    title,
    question,
    async measure({ rounds, repeats, threads }) {
      const compared: Compared[] = [];
      for (const { name, changes } of rows) {
        compared.push({ name, duel: await duel(specOf({ repeats, threads, ...changes }), rounds) });
        console.log(comparisonTable(compared.slice(-1)).split("\n").at(-1));
      }
      return compared;
    },
    present: async (compared) => ({ markdown: present(compared) }),
  });
}

const { S, B } = modelSizes;
const modes = ["forward", "train"] as const;

export const models = comparison(
  "models",
  "ViT-S and ViT-B at one patch size",
  "Forward pass and AdamW training step, patch size 16 at 240 px (225 tokens), batch 8, against timm's model in PyTorch eager.",
  Object.entries({ S, B }).flatMap(([name, model]) => modes.map((mode) => ({ name: `${name}/16 ${mode}`, changes: { model, mode } }))),
);

const small: ModelSize = { dim: 96, depth: 4, heads: 3 };

export const smallModels = comparison(
  "small-models",
  "Small models",
  "Width 96, depth 4, batch 128, pictures of 28 x 28: patch sizes 7, 4 and 2 give 16, 49 and 196 tokens. Here the time between operations counts.",
  [7, 4, 2].flatMap((size) =>
    modes.map((mode) => ({
      name: `${(28 / size) ** 2} tokens ${mode}`,
      changes: { model: small, mode, channels: 1, imageSizePx: 28, patchSizes: [size], batch: 128, classes: 10 },
    })),
  ),
);

export const flexibleStep = comparison(
  "flexible-step",
  "The flexible training step",
  "The mean over the paper's ten patch sizes at 240 px (25 to 900 tokens), another one in each step, batch 8. PyTorch's side resizes with timm's own functions, pseudo-inverses cached.",
  modes.map((mode) => ({ name: `S ${mode}`, changes: { mode, patchSizes: [...paperPatchSizesAt240Px] } })),
);
