import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./workspace.ts";

const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((file) => existsSync(join(root, file)));

/** What a Markdown text links to inside the repository, pictures too. */
function linksOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8").replaceAll(/^```.*?^```$/gms, "");
  const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((found) => found[1] ?? "");
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

test.each(documents)("every link of %s leads to a file", (file) => {
  const broken = linksOf(file).filter((target) => !existsSync(join(root, dirname(file), target)));
  expect(broken).toEqual([]);
});
