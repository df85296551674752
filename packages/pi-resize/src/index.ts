export { certificateTable, type CertificateTable } from "./certificate-table.ts";
export { imageLikeCovariance, type SeparableCovariance } from "./covariance.ts";
export { flexivitKernelResize, type KernelResize, type KernelResizeMethod } from "./kernel-resize.ts";
export { kernelTokenError } from "./kernel-token-error.ts";
export { patchCovariance, type Images, type PatchCovariance } from "./patch-covariance.ts";
export type { PatchSize } from "./patch-size.ts";
export { resizeCertificate, type CertificateOptions, type ResizeCertificate } from "./resize-certificate.ts";
export { resizePatchKernel } from "./resize-patch-kernel.ts";
export { resizePatchKernelGeneral } from "./resize-patch-kernel-general.ts";
