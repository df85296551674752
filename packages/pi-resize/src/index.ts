export { flexivitKernelResize, type KernelResize, type KernelResizeMethod, type PatchSize } from "./kernel-resize.ts";
export { resizeCertificate, type ResizeCertificate } from "./resize-certificate.ts";
export { resizePatchKernel } from "./resize-patch-kernel.ts";
