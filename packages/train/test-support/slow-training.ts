/** A program whose second step takes a minute, for tests that interrupt it. */
import { setTimeout } from "node:timers/promises";
import { useEngine } from "@flexivit/engine";
import { onInterrupt, train } from "../src/index.ts";
import { tinyBatch, tinyOptions } from "./tiny-problem.ts";

await useEngine();
const { signal } = onInterrupt((message) => console.log(message));
await train(
  tinyOptions({
    signal,
    batch: async (step) => {
      console.log(`step ${step + 1}`);
      if (step === 1) await setTimeout(60_000);
      return tinyBatch(step);
    },
  }),
);
