import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sha256Of } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "file-hash-"));

it.each([
  ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["three million a, in three pieces", "a".repeat(3_000_000), "2a152c894398719c0570f83fac34ac03a0f6e8e474b995c2403aa5434f7b9dd4"],
])("the SHA-256 of %s is what sha256sum prints", async (name, text, digest) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  expect(await sha256Of(file)).toBe(digest);
});

it("a file that is not there is an error", async () => {
  await expect(sha256Of(join(folder, "none"))).rejects.toThrow("ENOENT");
});
