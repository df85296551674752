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

it("examples/02-any-task-at-any-patch-size.ts finds objects, pixels and distances at every size from 8 to 4", () => {
  const file = fileURLToPath(new URL("../examples/02-any-task-at-any-patch-size.ts", import.meta.url));
  const out = execFileSync(process.execPath, ["--conditions=@flexivit/source", file], { encoding: "utf8" });
  const rows = [...out.matchAll(/^(detect|segment|depth) +(\S+) +(?:yes|no) +\d+ +\S+ +(\S+)$/gm)].map(([, task, size, value]) => ({ task, size, value: Number(value) }));
  expect(rows.map(({ size }) => size)).toEqual(Array(3).fill(["8", "6", "4", "6x4", "3"]).flat());
  const valuesOf = (name: string) => rows.filter(({ task, size }) => task === name && size !== "3").map(({ value }) => value);
  expect(Math.min(...valuesOf("detect"))).toBeGreaterThan(0.15); // AP50; a fresh head has next to 0
  expect(Math.min(...valuesOf("segment"))).toBeGreaterThan(0.6); // mean IoU; the wall alone has 0.26
  expect(Math.max(...valuesOf("depth"))).toBeLessThan(0.7); // metres; one value for all has 1
}, 240_000);
