// Pairs of training steps at patch size 16: of a flexible model that had another size in the step before, and of a model
// with a kernel of that size that never changes it. Prints JSON.
// our-size-changes.ts <pairs> <threads>
import { useEngine } from "@flexivit/engine";
import { paperPatchSizesAt240Px } from "@flexivit/patch-schemes";
import { ourModel, timed } from "../our-model.ts";
import { specOf, type Step } from "../spec.ts";

export type Pair = { changing: Step; fixed: Step };

const [pairs = 30, threads = 2] = process.argv.slice(2).map(Number);
await useEngine({ threads });
const flexible = ourModel(specOf({ mode: "train", patchSizes: [...paperPatchSizesAt240Px] }));
const fixed = ourModel(specOf({ mode: "train", patchSizes: [16] }));
const others = paperPatchSizesAt240Px.filter((size) => size > 16); // smaller ones would only make the study longer

const found: Pair[] = [];
for (let index = 0; index < pairs + others.length; index++) {
  const changing = async () => (await flexible(others[index % others.length]!), timed(flexible, 16));
  const steady = async () => (await fixed(16), timed(fixed, 16));
  // Which one comes first alternates. A first round through the sizes warms up.
  const pair = index % 2 === 0 ? { changing: await changing(), fixed: await steady() } : { fixed: await steady(), changing: await changing() };
  if (index >= others.length) found.push(pair);
}
console.log(JSON.stringify(found));
