/** A layer that names its axes tells its caller what it expected; anything with a `shape` will do. */
import { axes } from "@flexivit/axes";

const describe = (x: { shape: number[] }): string => {
  const { batch, tokens, dim } = axes(x, "describe(x)", "batch tokens dim");
  return `${batch} images of ${tokens} tokens, each ${dim} numbers`;
};

console.log(describe({ shape: [8, 197, 384] }));
try {
  describe({ shape: [197, 384] });
} catch (error) {
  console.log((error as Error).message);
}
