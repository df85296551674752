/** How pixel levels become what a network takes: `(level / 255 - mean) / std`, channel by channel. Plain data. */
export type Normalisation = {
  /** One number for all channels, or one per channel; levels count as 0 to 1. */
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
};

/**
 * What published weights were trained with.
 *
 * - `half`: mean and deviation of 1/2, so that pixels lie in [-1, 1]: big_vision, Hugging Face ViT, timm's AugReg and FlexiViT.
 * - `imagenet`: the means and deviations of ImageNet's channels: DeiT, DINOv2, torchvision.
 */
export const normalisations: Readonly<Record<"half" | "imagenet", Normalisation>> = {
  half: { mean: 0.5, std: 0.5 },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

/**
 * Pixels as a network takes them.
 *
 * @param pixels 8-bit levels [..., channels]
 * @returns as many float32 numbers
 * @throws where mean or std are not finite, std is not above 0, or there are other channels
 */
export function normalise(pixels: Uint8Array, channels: number, normalisation: Normalisation = normalisations.half): Float32Array {
  const tables = Array.from({ length: channels }, (_, channel) => tableOf(normalisation, channel, channels));
  const out = new Float32Array(pixels.length);
  for (let channel = 0; channel < channels; channel++) {
    const table = tables[channel];
    for (let i = channel; i < pixels.length; i += channels) out[i] = table[pixels[i]];
  }
  return out;
}

/** The number for each of the 256 levels. */
function tableOf({ mean, std }: Normalisation, channel: number, channels: number): Float32Array {
  const [middle, deviation] = [ofChannel(mean, channel, channels, "mean"), ofChannel(std, channel, channels, "std")];
  if (!(deviation > 0)) throw new Error(`normalise(std): expected numbers above 0, got ${deviation}. Take 0.5 for pixels in [-1, 1].`);
  // level / 255 - mean in one division: 0 and 255 become exactly -1 and 1 under one half.
  return Float32Array.from({ length: 256 }, (_, level) => (level - 255 * middle) / (255 * deviation));
}

function ofChannel(value: number | readonly number[], channel: number, channels: number, name: string): number {
  const values = typeof value === "number" ? Array<number>(channels).fill(value) : value;
  if (values.length === channels && values.every(Number.isFinite)) return values[channel];
  throw new Error(`normalise(${name}): expected one finite number, or ${channels} of them, got ${JSON.stringify(value)}. Give one per channel of the pictures.`);
}
