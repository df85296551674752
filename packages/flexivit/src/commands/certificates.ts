import { certificateTable, type CertificateTable, type KernelResize } from "@flexivit/pi-resize";
import type { Size } from "@flexivit/patch-schemes";

/** What a resize to each size keeps of a kernel's answers. For "norm", whose factor depends on the kernel, that of "bilinear". */
export function certificatesOf(from: Size, sizes: readonly Size[], resize: KernelResize): CertificateTable {
  return certificateTable(from, sizes, resize.method === "norm" ? { ...resize, method: "bilinear" } : resize);
}
