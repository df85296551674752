import { ours } from "../sides.ts";
import { study } from "../study.ts";
import { markdownTable, median, ms, ratio } from "../table.ts";

type Times = { forwardMs: number; gradientMs: number };
type Data = { ours: Times[]; plain: Times[] };

export const webAssembly = study<Data>({
  name: "webassembly",
  title: "WebAssembly",
  question:
    "One transformer block of ViT-Ti/16 at 240 px, batch 2, in Node, one thread: our blocks on our engine (closed-form gradients, our matrix product) against the same block composed of TensorFlow.js operations on its own backend. Goal: at least 1.5x.",
  async measure({ rounds, repeats }) {
    const data: Data = { ours: [], plain: [] };
    for (let round = 0; round < rounds; round++)
      for (const which of ["ours", "plain"] as const) data[which].push(await ours<Times>("wasm-block.ts", [which, String(repeats)]));
    return data;
  },
  async present({ ours, plain }) {
    const row = (name: string, cost: (times: Times) => number) => {
      const [a, b] = [median(ours.map(cost)), median(plain.map(cost))];
      return [name, ms(a), ms(b), ratio(b, a)];
    };
    const rows = [row("forward", ({ forwardMs }) => forwardMs), row("forward and gradients", ({ gradientMs }) => gradientMs)];
    return { markdown: markdownTable(["", "flexivit", "TensorFlow.js", "speed"], rows) };
  },
});
