import type { Optimizer } from "./optimizer.ts";

/** Where the layers of a model sit: `depth` blocks at `<backbone>/blocks/<index>`; "" for a tree that is the backbone. */
export type LayeredModel = { depth: number; backbone?: string };

/**
 * A factor for each leaf that falls with its distance from the head: decay^(depth + 1 - layer), where layer is
 *
 * - 0 for what comes before the blocks: patch embedding, positions, class token, registers
 * - index + 1 in block `index`
 * - depth in the norm after the blocks
 * - depth + 1 in the pooling, and in everything outside of the backbone: the heads
 *
 * @param decay in (0, 1]; 0.65 to 0.9 are common in fine-tuning
 * @param model with `backbone` "backbone" unless given
 * @throws where the decay is out of its range, and at a path of a block that a model of this depth has not
 *
 * Source: Bao et al., "BEiT" (arXiv 2106.08254); timm `param_groups_layer_decay`. A norm of the pooled vector (timm's
 * `fc_norm`) counts as the norm here and as the head there.
 */
export function layerDecay(decay: number, { depth, backbone = "backbone" }: LayeredModel): (path: string) => number {
  if (!(decay > 0 && decay <= 1)) {
    throw new Error(`layerDecay(decay): expected a number in (0, 1], got ${decay}. Use for example 0.75.`);
  }
  return (path) => decay ** (depth + 1 - layerOf(path, depth, backbone));
}

/** The same optimiser, with every step of a leaf, decay included, multiplied by a factor of its path. */
export function scaleSteps(optimizer: Optimizer, factorOf: (path: string) => number): Optimizer {
  return {
    ...optimizer,
    slots: (shape, path) => {
      factorOf(path); // refuses a path before any leaf is updated
      return optimizer.slots(shape, path);
    },
    update: (leaf, step) => optimizer.update(leaf, { ...step, schedule: step.schedule * factorOf(leaf.path) }),
  };
}

function layerOf(path: string, depth: number, backbone: string): number {
  const inside = backbone === "" ? path : path.startsWith(`${backbone}/`) ? path.slice(backbone.length + 1) : undefined;
  const [part, index] = inside?.split("/") ?? ["pool"];
  if (part === "pool") return depth + 1;
  if (part === "norm") return depth;
  if (part !== "blocks") return 0;
  if (Number(index) < depth) return Number(index) + 1;
  throw new Error(`layerDecay(depth): expected the depth of the model, got ${depth} and a leaf "${path}". Correct the depth.`);
}
