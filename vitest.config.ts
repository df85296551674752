import { existsSync, readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const conditions = ["@flexivit/source"];
const unwanted = ["**/node_modules/**", "**/dist/**"];

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

/** Tests of WebGPU itself, and those that also run on it: few, since a graphics driver in software takes half a second per shader. */
const webgpuOnly = ["packages/*/src/webgpu.test.ts"];
const webgpuTests = [
  ...webgpuOnly,
  "packages/detect/src/losses.test.ts",
  "packages/ops/src/{convolve,cross-entropy,pyramid}.test.ts",
  "packages/optim/src/{adamw,clip}.test.ts",
  "packages/vit/src/{big-vision,timm}.test.ts",
];

const engineProject = (engine: "native" | "wasm" | "webgpu") => ({
  extends: true as const,
  test: {
    name: engine,
    include: engine === "webgpu" ? webgpuTests : tensorTests,
    exclude: [...unwanted, ...(engine === "webgpu" ? [] : webgpuOnly)],
    testTimeout: engine === "webgpu" ? 180_000 : 60_000,
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
    exclude: unwanted,
    projects: [
      {
        extends: true,
        test: {
          name: "pure",
          include: ["packages/**/*.test.ts", "experiments/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: [...unwanted, ...tensorTests],
        },
      },
      engineProject("native"),
      engineProject("wasm"),
      engineProject("webgpu"),
    ],
  },
});
