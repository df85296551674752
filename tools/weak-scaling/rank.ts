// One rank of measure.ts: trains a ViT on pictures that it draws, with equal work per rank, and rank 0 prints its times.
// rank.ts <variant> <pictures per rank> <steps> [pairs]: with "pairs" every other step sums after its backward pass
import { classificationLoss, labelTargets } from "@flexivit/classify";
import { useEngine } from "@flexivit/engine";
import { adamw } from "@flexivit/optim";
import { connectRanks, type Communicator, type SumUnderWay } from "@flexivit/parallel";
import { countParams } from "@flexivit/params";
import { uniform } from "@flexivit/patch-schemes";
import { train } from "@flexivit/train";
import { vitConfig, type VitVariant } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, initClassifierWeights, type ClassifierWeights } from "flexivit";
import type { Times } from "./table.ts";

const [variant, pictures, steps, inPairs] = [process.argv[2] as VitVariant, Number(process.argv[3]), Number(process.argv[4]), process.argv[5] === "pairs"];
const [imageSizePx, classes, warmUp] = [240, 1000, 2];

const communicator = await connectRanks();
const engine = await useEngine({ threads: 1 });
const config = vitConfig(variant, { patchSize: [16, 16], positionGrid: [15, 15] });
const times: Omit<Times, "bytes" | "sumMs"> = { stepMs: [], cpuMs: [], waitMs: [], engine: `${engine.name} ${engine.version}` };
let waitedMs = 0;
let overlaps = true;
let [begun, cpuBegun] = [performance.now(), process.cpuUsage()];

async function timed(wait: () => Promise<void>): Promise<void> {
  const started = performance.now();
  await wait();
  waitedMs += performance.now() - started;
}

/** The ranks' communicator, which keeps the time of waiting for sums and, in pairs, begins none early in every other step. */
const ranks: Communicator = {
  ...communicator,
  sum: (values) => timed(() => communicator.sum(values)),
  get beginSum() {
    return overlaps ? begin : undefined;
  },
};

function begin(values: Float32Array): SumUnderWay {
  const sum = communicator.beginSum!(values);
  return { advance: sum.advance, ended: () => timed(sum.ended) };
}

const { params } = await train<ClassifierWeights, { images: tf.Tensor4D; targets: tf.Tensor2D }>({
  init: () => initClassifierWeights(config, classes, 0, 0),
  loss: (weights, { images, targets }, { scheme }) => ({ loss: classificationLoss(classifierLogits(weights, config, images, { scheme }), targets) }),
  batch: async (step, part) => {
    overlaps = communicator.beginSum !== undefined && !(inPairs && step % 2 === 1);
    return {
      images: tf.randomUniform([pictures, imageSizePx, imageSizePx, 3], -1, 1, "float32", 1000 * step + part + 1) as tf.Tensor4D,
      targets: labelTargets(Array.from({ length: pictures }, (_, i) => (7 * i + step + part) % classes), classes),
    };
  },
  schemes: uniform([16]),
  optimizer: adamw({ learningRate: 1e-3 }),
  schedule: { kind: "constant", totalSteps: steps + warmUp },
  steps: steps + warmUp,
  seed: 0,
  clipNorm: 1,
  accumulate: communicator.size,
  communicator: ranks,
  onStep({ step }) {
    if (step > warmUp) {
      times.stepMs.push(performance.now() - begun);
      const { user, system } = process.cpuUsage(cpuBegun);
      times.cpuMs.push((user + system) / 1000);
      times.waitMs.push(waitedMs);
    }
    [begun, cpuBegun, waitedMs] = [performance.now(), process.cpuUsage(), 0];
  },
});

/** Sums as large as the gradients, begun on all ranks at once: what is left of the wait when no rank is behind. */
async function sumMs(numbers: number): Promise<number[]> {
  const values = new Float32Array(numbers);
  const found: number[] = [];
  for (let i = 0; i < 5; i++) {
    await communicator.barrier();
    const started = performance.now();
    await communicator.sum(values);
    found.push(performance.now() - started);
  }
  return found;
}

const numbers = countParams(params);
const result: Times = { ...times, bytes: 4 * numbers, sumMs: await sumMs(numbers) };
if (communicator.rank === 0) console.log(JSON.stringify(result));
await communicator.finish();
