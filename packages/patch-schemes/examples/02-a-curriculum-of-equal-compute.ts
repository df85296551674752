/** A curriculum as plain data: coarse patches first, then all sizes with the same expected compute for each. */
import { costEqualised, drawScheme, formatScheme, gaussian, possibleSchemes, schemeCost, schemeProbabilities, sequence } from "@flexivit/patch-schemes";

const vitBase = { dim: 768, depth: 12, hiddenDim: 3072, prefixTokens: 1, classes: 1000 };
const sizes = [48, 30, 24, 16, "16/8", 8];
const curriculum = sequence([
  { fromStep: 0, untilStep: 1000, distribution: gaussian(sizes, { centrePx: 40, stdPx: 10 }) },
  { fromStep: 1000, distribution: costEqualised(sizes, 240, vitBase) },
]);

console.log("possible in 500 steps:", possibleSchemes(curriculum, 500).map(formatScheme).join(" "));
for (const step of [0, 1000]) {
  console.log(`\nstep ${step}\nscheme     probability  share of the compute`);
  const rows = schemeProbabilities(curriculum, step).map(({ scheme, probability }) => {
    const expected = probability * schemeCost(scheme, 240, vitBase).multiplyAdds;
    return { name: formatScheme(scheme), probability, expected };
  });
  const total = rows.reduce((sum, { expected }) => sum + expected, 0);
  for (const { name, probability, expected } of rows) {
    console.log(`${name.padEnd(10)} ${(100 * probability).toFixed(1).padStart(9)} % ${((100 * expected) / total).toFixed(1).padStart(20)} %`);
  }
  console.log(`mean cost of a step's image: ${(total / 1e9).toFixed(1)} billion multiply-adds`);
}

const draw = (step: number) => formatScheme(drawScheme(curriculum, 0, step));
console.log("\nsteps 995-1004 draw:", Array.from({ length: 10 }, (_, i) => draw(995 + i)).join(" "));
