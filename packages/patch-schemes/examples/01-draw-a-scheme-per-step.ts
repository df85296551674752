/** Every training step draws one patch scheme by (seed, step): a resumed run draws the same. */
import { drawScheme, formatScheme, gridOf, schemeCost, schemesFor, uniform } from "@flexivit/patch-schemes";

const vitBase = { dim: 768, depth: 12, hiddenDim: 3072 };
const schemes = schemesFor(240, { minTokens: 25, maxTokens: 900 });

console.log("patch  grid   billion multiply-adds (ViT-B)");
for (const scheme of schemes) {
  const { gridHeight, gridWidth } = gridOf(scheme, 240);
  const { multiplyAdds } = schemeCost(scheme, 240, vitBase);
  console.log(`${formatScheme(scheme).padEnd(6)} ${gridHeight}x${gridWidth}`.padEnd(14) + (multiplyAdds / 1e9).toFixed(1));
}

const draw = (step: number) => formatScheme(drawScheme(uniform(schemes), 0, step));
console.log("steps 0-9 draw:", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(draw).join(" "));
console.log("resumed at step 7:", [7, 8, 9].map(draw).join(" "));
