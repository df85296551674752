import { convolve, gelu, residual } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { norm } from "./block.ts";
import type { VitConfig } from "./config.ts";
import type { ResidualParams, StageParams } from "./params.ts";

/**
 * The feature map of a convolutional stem: per stage a 3x3 convolution of stride 2, a layer norm over the channels and
 * GELU; in a hybrid then its residual blocks.
 *
 * @param images [batch, height, width, channels], sides that 2 to the number of stages divides
 * @returns [batch, height / 2^stages, width / 2^stages, channels of the last stage]
 * Source: the convolutional stem of arXiv 2106.14881 section 4, with layer norm for batch norm and GELU for ReLU: no statistics
 * to keep, and every image by itself. Hybrids are those of arXiv 2010.11929 section 3.1, with residual blocks of two 3x3
 * convolutions, norm and activation first (arXiv 1603.05027), in place of bottlenecks.
 */
export function stem(stages: readonly StageParams[], config: VitConfig, images: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => stages.reduce((x, stage) => runStage(stage, config, x), images));
}

function runStage({ convolution, norm: normParams, blocks = [] }: StageParams, config: VitConfig, x: tf.Tensor4D): tf.Tensor4D {
  const halved = gelu(norm(normParams, config, convolve(convolution, x, 2)), config.activation);
  return blocks.reduce((map, block) => residual(map, residualBranch(block, config, map)), halved);
}

function residualBranch(params: ResidualParams, config: VitConfig, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const inner = convolve(params.first, gelu(norm(params.firstNorm, config, x), config.activation), 1);
    return convolve(params.second, gelu(norm(params.secondNorm, config, inner), config.activation), 1);
  });
}
