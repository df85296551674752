import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { findApiKey, runUrl, targetOf } from "./wandb-settings.ts";

afterEach(() => vi.unstubAllEnvs());

it("options come before the environment, the environment before defaults", () => {
  for (const name of ["WANDB_PROJECT", "WANDB_ENTITY", "WANDB_BASE_URL"]) vi.stubEnv(name, undefined);
  expect(targetOf({})).toEqual({ baseUrl: "https://api.wandb.ai", project: "flexivit", entity: undefined });
  vi.stubEnv("WANDB_PROJECT", "vision");
  vi.stubEnv("WANDB_ENTITY", "team");
  vi.stubEnv("WANDB_BASE_URL", "http://there/");
  expect(targetOf({})).toEqual({ baseUrl: "http://there", project: "vision", entity: "team" });
  expect(targetOf({ project: "own", baseUrl: "http://here" })).toEqual({ baseUrl: "http://here", project: "own", entity: "team" });
});

it("the key comes from the environment, else from the server's entry in .netrc", () => {
  vi.stubEnv("WANDB_API_KEY", undefined);
  const netrc = join(mkdtempSync(join(tmpdir(), "netrc-")), "netrc");
  expect(findApiKey("https://api.wandb.ai", netrc)).toBeUndefined();
  writeFileSync(netrc, "machine other login user\nmachine api.wandb.ai\n  login user # password no\n  password key1\nmachine here login user password key2\n");
  expect(findApiKey("https://api.wandb.ai", netrc)).toBe("key1");
  expect(findApiKey("http://here:8080", netrc)).toBe("key2");
  expect(findApiKey("http://other", netrc)).toBeUndefined();
  expect(findApiKey("http://nowhere", netrc)).toBeUndefined();
  vi.stubEnv("WANDB_API_KEY", "key3");
  expect(findApiKey("https://api.wandb.ai", netrc)).toBe("key3");
});

it("a run's page on the public server is not under the address of its API", () => {
  expect(runUrl({ baseUrl: "https://api.wandb.ai", project: "a b" }, "team", "x1")).toBe("https://wandb.ai/team/a%20b/runs/x1");
  expect(runUrl({ baseUrl: "http://here:8080", project: "p" }, "team", "x1")).toBe("http://here:8080/team/p/runs/x1");
});
