import { type AdafactorOptions, adafactor } from "./adafactor.ts";
import { type AdamOptions, type AdamWOptions, adam, adamw } from "./adamw.ts";
import { type LayeredModel, layerDecay, scaleSteps } from "./layer-decay.ts";
import type { Optimizer } from "./optimizer.ts";
import { type RmspropOptions, rmsprop } from "./rmsprop.ts";
import { type SgdOptions, sgd } from "./sgd.ts";

/** Options without what JSON can't hold: a mask is a word, not a function. */
type Plain<Options> = Omit<Options, "decayMask"> & ("decayMask" extends keyof Options ? { decayMask?: "kernels" | "all" } : unknown);

/**
 * An optimiser as plain data: its kind, its settings, and for every kind `layerDecay`, the factor on the learning rate
 * from one layer to the one before it, in (0, 1].
 */
export type OptimizerConfig = (
  | ({ kind: "adamw" } & Plain<AdamWOptions>)
  | ({ kind: "adam" } & Plain<AdamOptions>)
  | ({ kind: "sgd" } & Plain<SgdOptions>)
  | ({ kind: "rmsprop" } & Plain<RmspropOptions>)
  | ({ kind: "adafactor" } & Plain<AdafactorOptions>)
) & { layerDecay?: number };

const kinds: { [Kind in OptimizerConfig["kind"]]: (options: never) => Optimizer } = { adamw, adam, sgd, rmsprop, adafactor };

/**
 * The optimiser that a config describes.
 *
 * @param model where the layers are; wanted only by `layerDecay`
 * @throws where the kind or a setting is unknown or out of its range; names what is possible
 */
export function optimizerOf(config: OptimizerConfig, model?: LayeredModel): Optimizer {
  const { kind, layerDecay: decay, ...settings } = config;
  if (!Object.hasOwn(kinds, kind)) {
    throw new Error(`optimizerOf(kind): expected one of ${Object.keys(kinds).join(", ")}, got ${JSON.stringify(kind)}. Choose one of them.`);
  }
  const optimizer = kinds[kind](settings as never);
  if (decay === undefined) return optimizer;
  if (!model) {
    throw new Error("optimizerOf(model): expected the depth of the model for layerDecay, got none. Pass { depth }.");
  }
  return scaleSteps(optimizer, layerDecay(decay, model));
}
