import type { PatchSize } from "./patch-size.ts";
import { resizeCertificate, type CertificateOptions, type ResizeCertificate } from "./resize-certificate.ts";

/** Certificates for programs, and the same as lines of equal length for people: `rows.join("\n")` prints the table. */
export type CertificateTable = { certificates: ResizeCertificate[]; rows: string[] };

/**
 * The certificates of a kernel at several patch sizes, one row each under a row of titles.
 *
 * @param from patch size of the stored kernel; @param sizes patch sizes wanted: numbers for squares, or [height, width].
 * @param options as for `resizeCertificate`; with a covariance there is one column more.
 */
export function certificateTable(from: PatchSize, sizes: readonly PatchSize[], options: CertificateOptions = {}): CertificateTable {
  const certificates = sizes.map((to) => resizeCertificate(from, to, options));
  const images = options.patchCovariance !== undefined || options.covariance !== undefined;
  const titles = ["patch", "exact", "DC gain", "condition", "token error: white", ...(images ? ["of images"] : [])];
  return { certificates, rows: aligned([titles, ...certificates.map(cellsOf)]) };
}

function cellsOf({ to, exact, dcGain, conditionNumber, whiteTokenError, imageTokenError }: ResizeCertificate): string[] {
  const errors = imageTokenError === undefined ? [whiteTokenError] : [whiteTokenError, imageTokenError];
  return [to.join("x"), exact ? "yes" : "no", dcGain.toFixed(3), conditionNumber.toFixed(2), ...errors.map((error) => `${(100 * error).toFixed(1)} %`)];
}

/** Cells of a column made as wide as its widest, numbers to the right. */
function aligned(table: readonly string[][]): string[] {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  "));
}
