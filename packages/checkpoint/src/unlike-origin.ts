import type { Interpolation } from "@flexivit/resample";
import type { VitConfig } from "@flexivit/vit";
import type { WeightFormat } from "./name-table.ts";
import { nameTables } from "./weight-formats.ts";

/**
 * What programs of an origin take for granted and a model does otherwise, in words; empty where they compute the same.
 *
 * `saveVit` keeps all of it in a note, which `loadVit` reads and they do not. Where something is named here, their
 * numbers differ: by up to about 1e-3 for the form of GELU, much more for interpolations at other sizes than the stored.
 */
export function unlikeOrigin(config: VitConfig, format: WeightFormat): string[] {
  const { activation, layerNormEpsilon, interpolation, interpolationWithRegisters } = nameTables[format];
  const there = (config.registers > 0 ? interpolationWithRegisters : undefined) ?? interpolation;
  // timm takes both as arguments: see timmArguments.
  const isArgument = format === "timm";
  return [
    ...(isArgument || config.mlp === "swiglu" ? [] : difference("GELU", config.activation, activation)),
    ...(isArgument ? [] : difference("epsilon of the norms", String(config.layerNormEpsilon), String(layerNormEpsilon))),
    ...difference("method of the kernel's resize", methodInWords(config.kernelResize), "pi"),
    ...difference("interpolation of the kernel", inWords(config.kernelResize.interpolation), inWords(there.patchKernel)),
    ...difference("interpolation of the positions", inWords(config.positionInterpolation), inWords(there.positions)),
  ];
}

function difference(what: string, here: string, there: string): string[] {
  return here === there ? [] : [`${what}: ${here} here, ${there} there`];
}

function methodInWords({ method, covariance }: VitConfig["kernelResize"]): string {
  return covariance ? `${method} weighted by a covariance` : method;
}

function inWords({ kernel, antialias, alignment }: Interpolation): string {
  return `${kernel}${antialias ? " with antialias" : ""}${alignment === "corner" ? ", corners aligned" : ""}`;
}
