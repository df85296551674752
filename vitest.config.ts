import { existsSync, readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const conditions = ["@flexivit/source"];

/** Packages whose tests run tensors: they run once per engine. The others run once. */
const tensorFolders = ["packages", "experiments"].flatMap((parent) =>
  readdirSync(new URL(`./${parent}/`, import.meta.url))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => {
      const manifest = new URL(`./${folder}/package.json`, import.meta.url);
      return existsSync(manifest) && readFileSync(manifest, "utf8").includes("@tensorflow/tfjs-core");
    }),
);
const tensorTests = tensorFolders.map((folder) => `${folder}/**/*.test.ts`);

/** What also runs on WebGPU: a software driver is slow. */
const webgpuTests = tensorTests;

const engineProject = (engine: "native" | "wasm" | "webgpu", include: string[] = tensorTests) => ({
  extends: true as const,
  test: {
    name: engine,
    include,
    env: { FLEXIVIT_ENGINE: engine },
    setupFiles: ["packages/testing/src/engine-setup.ts"],
  },
});

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: "forks",
    maxWorkers: 2,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    exclude: ["**/node_modules/**", "**/dist/**"],
    projects: [
      {
        extends: true,
        test: {
          name: "pure",
          include: ["packages/**/*.test.ts", "experiments/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", ...tensorTests],
        },
      },
      engineProject("native"),
      engineProject("wasm"),
      engineProject("webgpu", webgpuTests),
    ],
  },
});
