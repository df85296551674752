import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("examples/01-train-once-deploy-at-any-patch-size.ts is above 85 % at every size of training and between them", () => {
  const file = fileURLToPath(new URL("../examples/01-train-once-deploy-at-any-patch-size.ts", import.meta.url));
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8" });
  const rows = [...out.matchAll(/^(\S+) +(yes|no) +\d+ +(\S+) %$/gm)].map(([, size, trained, accuracy]) => ({ size, trained, accuracy: Number(accuracy) }));
  expect(rows.map(({ size }) => size)).toEqual(["12", "8", "6", "4", "12x8", "8x6", "3"]);
  for (const { accuracy } of rows.slice(0, -1)) expect(accuracy).toBeGreaterThan(85);
});
