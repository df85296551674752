/** The layers of the workspace: a package imports only from lower rows, never from its own. */
export const rows: readonly (readonly string[])[] = [
  ["axes", "random", "features", "run-log", "engine"],
  ["params", "patch-schemes", "resample", "ops", "annotations", "parallel"],
  ["pi-resize", "position-embedding", "optim", "data"],
  ["vit", "classify", "distill", "detect", "segment", "depth"],
  ["checkpoint"],
  ["train"],
  ["flexivit"],
];

/** Packages that only tests import; they may use any row and no row may depend on them. */
export const side: readonly string[] = ["testing"];

/** The layers as ARCHITECTURE.md shows them, one row per line. */
export function layerTable(): string {
  const lines = rows.map((names, row) => `| ${row} | ${names.join(", ")} |`);
  return [...lines, `| side | ${side.join(", ")} (private, for tests) |`].join("\n");
}

/** The row of a package folder, -1 where it stands in none. */
export function rowOf(folder: string): number {
  return rows.findIndex((names) => names.includes(folder));
}

if (import.meta.main) console.log(layerTable());
