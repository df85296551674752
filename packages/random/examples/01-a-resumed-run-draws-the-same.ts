/** Draws belong to (seed, purpose, step): a run that starts again at step 3 draws what the first one drew there. */
import { random } from "@flexivit/random";

const sizes = [48, 40, 30, 24, 20, 16, 15, 12, 10, 8];
const patchSize = (step: number): number => sizes[random(7, "patch-size", step).integer(sizes.length)];

const whole = [0, 1, 2, 3, 4, 5, 6].map(patchSize);
const resumed = [3, 4, 5, 6].map(patchSize);
console.log("steps 0 to 6:", whole.join(", "));
console.log("steps 3 to 6:", resumed.join(", "));
if (resumed.join() !== whole.slice(3).join()) throw new Error("The resumed run drew other sizes.");
