export { describeEngines, type EngineReport, formatEngines } from "./describe-engines.ts";
export { type Installation, type InstallOptions, installNative } from "./install-native.ts";
export { installWebgpu, type WebgpuInstallation, type WebgpuInstallOptions } from "./install-webgpu.ts";
export { memoryUse } from "./memory-use.ts";
export { type Engine, type EngineName, type EngineOptions, useEngine } from "./use-engine.ts";
export { verifyNative } from "./verify-native.ts";
