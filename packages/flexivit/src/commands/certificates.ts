import { resizeCertificate, type KernelResize, type ResizeCertificate } from "@flexivit/pi-resize";
import { formatScheme, patchScheme, type Size } from "@flexivit/patch-schemes";
import { textTable } from "@flexivit/run-log";

/** What a resize to each size keeps of a kernel's answers. For "norm", whose factor depends on the kernel, that of "bilinear". */
export function certificatesOf(from: Size, sizes: readonly Size[], { method, interpolation }: KernelResize): ResizeCertificate[] {
  return sizes.map((to) => resizeCertificate(from, to, { method: method === "norm" ? "bilinear" : method, interpolation }));
}

/** The facts of a certificate as texts by their names. */
export function certificateRow({ to, exact, dcGain, conditionNumber }: ResizeCertificate): Record<string, string> {
  return {
    "patch size": formatScheme(patchScheme([to[0], to[1]])),
    "same tokens": exact ? "yes" : "no",
    "kept of a constant": dcGain.toFixed(3),
    "condition number": conditionNumber.toPrecision(3),
  };
}

export function certificateTable(certificates: readonly ResizeCertificate[]): string {
  const rows = certificates.map(certificateRow);
  return textTable(Object.keys(rows[0]), rows.map((row) => Object.values(row)));
}
